"""Settings: the only reader of the environment.

Every variable is listed here with its type and its default. `Settings.from_environment()` is called once per process; a
value that is none of its type ends the process with one line that names the variable.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from urllib.parse import urlsplit

SERVICES = ("dcim", "ipam", "circuits", "tenancy", "extras", "secrets", "virtualization")
FIRST_SERVICE_PORT = 8001
APPS = (*SERVICES, "users")


def process_of(app: str) -> str:
    """The process that serves `app`, and whose database it has: the gateway serves the users."""
    return "gateway" if app == "users" else app


def package_of(app: str) -> str:
    """The package that `app` is made of."""
    return "gateway.users" if app == "users" else f"services.{app}"


class SettingError(ValueError):
    """A variable has a value that it cannot have; the message is one line and never repeats a secret."""


def surroundings() -> dict[str, str]:
    """The environment as it is, for the launcher, which hands each process its share of it."""
    return dict(os.environ)


def with_driver(url: str) -> str:
    """The `postgresql://` that people write (or `postgres://`) as SQLAlchemy takes it with the driver installed."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg2://{rest}" if separator and scheme in ("postgres", "postgresql") else url


def _boolean(text: str) -> bool:
    if text.lower() in ("true", "yes", "on", "1"):
        return True
    if text.lower() in ("false", "no", "off", "0"):
        return False
    raise ValueError("must be true or false")


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ValueError("must be a whole number") from error


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ValueError("must be a number of seconds") from error


def _json_object(text: str) -> str:
    try:
        if isinstance(json.loads(text), dict):
            return text
    except ValueError:
        pass
    raise ValueError("must be a JSON object")


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return text
    except ValueError:  # of a port that is none
        pass
    raise ValueError("must be of the form http://host:port")


def _networks(text: str) -> "tuple[IPv4Network | IPv6Network, ...]":
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ValueError("must be networks such as 10.0.0.0/8, with commas in between") from error


def _database_url(text: str) -> str:
    if not with_driver(text).startswith("postgresql+psycopg2://"):
        raise ValueError("must be a URL of the form postgresql://user:password@host/name")
    return with_driver(text)


_PARSERS: dict[Any, Callable[[str], Any]] = {bool: _boolean, int: _whole, float: _seconds, str: str}
# What these say may be a secret, or have one in it.
_PRIVATE = ("_URL", "_KEY", "PASSWORD", "NAPALM_ARGS")


def _setting(variable: str, default: Any, *, least: float = 1, parse: Callable[[str], Any] | None = None) -> Any:
    """A field that `variable` sets; a number is at least `least`."""
    secret = variable.endswith("PASSWORD")
    return field(default=default, repr=not secret, metadata={"variable": variable, "least": least, "parse": parse})


@dataclass(frozen=True)
class Settings:
    """What a process needs to know about its surroundings.

    `service_keys` holds the signing key of each service the process may speak for or to: one entry in a service
    (its own), all of them in the gateway. `database_urls` has one entry likewise.
    """

    upstreams: dict[str, str] = field(default_factory=dict)
    database_urls: dict[str, str] = field(default_factory=dict, repr=False)
    service_keys: dict[str, str] = field(default_factory=dict, repr=False)
    gateway_url: str = _setting("PATCHBAY_GATEWAY_URL", "http://127.0.0.1:8000", parse=_address)
    login_required: bool = _setting("LOGIN_REQUIRED", False)
    max_page_size: int = _setting("MAX_PAGE_SIZE", 1000, least=0)
    paginate_count: int = _setting("PAGINATE_COUNT", 50)
    strict_filters: bool = _setting("STRICT_FILTERS", False)
    prefer_ipv4: bool = _setting("PREFER_IPV4", False)
    enforce_global_unique: bool = _setting("ENFORCE_GLOBAL_UNIQUE", False)
    media_root: str = _setting("MEDIA_ROOT", "var/media")
    reports_root: str = _setting("REPORTS_ROOT", "var/reports")
    renders_folder: str = _setting("RENDERS_FOLDER", "")  # what programs share takes them turns rendering templates
    report_seconds: int = _setting("REPORT_SECONDS", 25)  # less than the gateway waits (read_seconds)
    max_body_bytes: int = _setting("MAX_BODY_BYTES", 10 * 1024 * 1024)
    max_bulk_objects: int = _setting("MAX_BULK_OBJECTS", 1000)
    database_pool: int = _setting("DATABASE_POOL", 8)
    connect_seconds: float = _setting("CONNECT_SECONDS", 2.0, least=0.001)
    read_seconds: float = _setting("READ_SECONDS", 30.0, least=0.001)
    upstream_connections: int = _setting("UPSTREAM_CONNECTIONS", 256)
    gateway_clients: int = _setting("GATEWAY_CLIENTS", 256)
    # Whose word for where a request comes from counts.
    trusted_proxies: "tuple[IPv4Network | IPv6Network, ...]" = _setting("TRUSTED_PROXIES", (), parse=_networks)
    metrics_folder: str = _setting("PROMETHEUS_MULTIPROC_DIR", "")
    follow_seconds: float = _setting("FOLLOW_SECONDS", 3.0, least=0.001)
    clock_skew_seconds: float = _setting("CLOCK_SKEW_SECONDS", 30.0, least=0)
    napalm_username: str = _setting("NAPALM_USERNAME", "")
    napalm_password: str = _setting("NAPALM_PASSWORD", "")
    napalm_timeout: int = _setting("NAPALM_TIMEOUT", 20)
    napalm_args: str = _setting("NAPALM_ARGS", "{}", parse=_json_object)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """The settings that `environment` makes; an empty variable is as good as none. Raises SettingError."""
        own = {each.name: _read(environment, each) for each in fields(cls) if "variable" in each.metadata}
        addresses = {
            service: _parsed(environment, f"PATCHBAY_{service.upper()}_URL", _address) or f"http://127.0.0.1:{port}"
            for port, service in enumerate(SERVICES, FIRST_SERVICE_PORT)
        }
        databases = {
            app: _parsed(environment, f"PATCHBAY_{process_of(app).upper()}_DATABASE_URL", _database_url) for app in APPS
        }
        return cls(
            upstreams=addresses,
            database_urls={app: url for app, url in databases.items() if url},
            service_keys={app: key for app in APPS if (key := environment.get(f"PATCHBAY_{app.upper()}_KEY"))},
            **own,
        )

    @classmethod
    def variables(cls) -> list[str]:
        """The names of all variables that any process reads."""
        own = [each.metadata["variable"] for each in fields(cls) if "variable" in each.metadata]
        owners = [f"PATCHBAY_{process_of(app).upper()}" for app in APPS]
        addresses = [f"{owner}_URL" for owner in owners[:-1]]  # the gateway's is a field of its own
        databases = [f"{owner}_DATABASE_URL" for owner in owners]
        return [*own, *addresses, *databases, *(f"PATCHBAY_{app.upper()}_KEY" for app in APPS)]


def is_private(variable: str) -> bool:
    """Whether the value of `variable` may be a secret, so that no message may repeat it."""
    return any(word in variable for word in _PRIVATE)


def _read(environment: Mapping[str, str], setting: "Field[Any]") -> Any:
    """The value of one setting. Raises SettingError."""
    variable, least = setting.metadata["variable"], setting.metadata["least"]
    value = _parsed(environment, variable, setting.metadata["parse"] or _PARSERS[setting.type])
    if value is None:
        return setting.default
    if isinstance(value, int | float) and not isinstance(value, bool) and not least <= value < float("inf"):
        raise SettingError(f"{variable} must be at least {least:g}, not {value}")
    return value


def _parsed(environment: Mapping[str, str], variable: str, parse: Callable[[str], Any]) -> Any:
    """What `variable` says, or None where it says nothing. Raises SettingError."""
    text = environment.get(variable, "").strip()
    if not text:
        return None
    try:
        return parse(text)
    except ValueError as error:
        given = "" if is_private(variable) else f", not {text!r}"
        raise SettingError(f"{variable} {error}{given}") from error


def _settings_of_this_process() -> Settings:
    try:
        return Settings.from_environment()
    except SettingError as error:
        raise SystemExit(f"patchbay: {error}") from error


settings = _settings_of_this_process()
