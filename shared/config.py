"""Settings: the only reader of the environment.

Every variable is listed here with its type and its default. `Settings.from_environment()` is called once per process; a
value that is none of its type ends the process with one line that names the variable.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from importlib import import_module
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared import setting_parsers as parsers

if TYPE_CHECKING:
    from limits import RateLimitItem

ROOT = Path(__file__).parent.parent
SERVICES = ("dcim", "ipam", "circuits", "tenancy", "extras", "secrets", "virtualization")
FIRST_SERVICE_PORT = 8001
APPS = (*SERVICES, "users")
# The process that serves all of SERVICES where there is but one for them (`up --small`).
TOGETHER = "services"


def process_of(app: str) -> str:
    """The process that serves `app`, and whose database it has: the gateway serves the users."""
    return "gateway" if app == "users" else app


def package_of(app: str) -> str:
    """The package that `app` is made of."""
    return "gateway.users" if app == "users" else f"services.{app}"


def folder_of(app: str) -> Path:
    """Where the sources of `app` are."""
    return ROOT.joinpath(*package_of(app).split("."))


def database_variable(app: str, kind: str = "DATABASE") -> str:
    """The variable with the URL of the database of `app`, or of its `DATABASE_REPLICA`."""
    return f"PATCHBAY_{process_of(app).upper()}_{kind}_URL"


def version_of(app: str) -> str:
    """The version of the program that serves `app`."""
    package = "gateway" if app == "users" else package_of(app)
    version: str = import_module(package).VERSION
    return version


class SettingError(ValueError):
    """A variable has a value that it cannot have; the message is one line and never repeats a secret."""


def surroundings() -> dict[str, str]:
    """The environment as it is, for the launcher, which hands each process its share of it."""
    return dict(os.environ)


def with_driver(url: str) -> str:
    """The `postgresql://` that people write (or `postgres://`) as SQLAlchemy takes it with the driver installed."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg2://{rest}" if separator and scheme in ("postgres", "postgresql") else url


def _database_url(text: str) -> str:
    if not with_driver(text).startswith("postgresql+psycopg2://"):
        raise ValueError("must be a URL of the form postgresql://user:password@host/name")
    return with_driver(text)


_PARSERS: dict[Any, Callable[[str], Any]] = {
    bool: parsers.boolean,
    int: parsers.whole_number,
    float: parsers.seconds,
    str: str,
}
# What these say may be a secret, or have one in it.
_PRIVATE = ("_URL", "_KEY", "PASSWORD", "NAPALM_ARGS", "RATE_LIMIT_STORAGE")


def _setting(variable: str, default: Any, *, least: float = 1, parse: Callable[[str], Any] | None = None) -> Any:
    """A field that `variable` sets; a number is at least `least`."""
    secret = variable.endswith(("PASSWORD", "STORAGE"))
    return field(default=default, repr=not secret, metadata={"variable": variable, "least": least, "parse": parse})


@dataclass(frozen=True)
class Settings:
    """What a process needs to know about its surroundings.

    `service_keys` holds the signing key of each service the process may speak for or to: one entry in a service
    (its own), all of them in the gateway. `database_urls` and `replica_urls` likewise. `upstreams` are where the copies
    of each service are.
    """

    upstreams: dict[str, tuple[str, ...]] = field(default_factory=dict)
    database_urls: dict[str, str] = field(default_factory=dict, repr=False)
    replica_urls: dict[str, str] = field(default_factory=dict, repr=False)
    service_keys: dict[str, str] = field(default_factory=dict, repr=False)
    gateway_url: str = _setting("PATCHBAY_GATEWAY_URL", "http://127.0.0.1:8000", parse=parsers.address)
    login_required: bool = _setting("LOGIN_REQUIRED", False)
    # The path below which browsers and programs find the gateway, if it is not alone on its host.
    base_path: str = _setting("BASE_PATH", "", parse=parsers.base_path)
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
    gateway_workers: int = _setting("GATEWAY_WORKERS", 2)
    gateway_clients: int = _setting("GATEWAY_CLIENTS", 256)
    # Whose word for where a request comes from counts.
    trusted_proxies: "tuple[IPv4Network | IPv6Network, ...]" = _setting("TRUSTED_PROXIES", (), parse=parsers.networks)
    # How often a client may ask, as `100/minute`, and in what all gateways count together (`redis://…`).
    rate_limit_address: "RateLimitItem | None" = _setting("RATE_LIMIT_ADDRESS", None, parse=parsers.rate)
    rate_limit_token: "RateLimitItem | None" = _setting("RATE_LIMIT_TOKEN", None, parse=parsers.rate)
    rate_limit_storage: str = _setting("RATE_LIMIT_STORAGE", "memory://")
    # The sites whose pages may ask the API with a browser.
    cors_origins: tuple[str, ...] = _setting("CORS_ORIGINS", (), parse=parsers.origins)
    time_zone: str = _setting("TIME_ZONE", "UTC", parse=parsers.time_zone)  # of the pages; the API tells times in UTC
    metrics_folder: str = _setting("PROMETHEUS_MULTIPROC_DIR", "")
    changelog_retention: int = _setting("CHANGELOG_RETENTION", 90, least=0)  # days; 0: for ever
    # Where webhooks may go although it is closed to them otherwise (services/extras/webhooks/addresses.py).
    webhooks_allowed: "tuple[IPv4Network | IPv6Network, ...]" = _setting("WEBHOOKS_ALLOWED", (), parse=parsers.networks)
    log_format: str = _setting("LOG_FORMAT", "plain", parse=parsers.log_format)
    access_log: bool = _setting("ACCESS_LOG", False)
    # Names that OpenTelemetry gave them; its own library reads the others of its variables.
    otlp_endpoint: str = _setting("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    otlp_traces_endpoint: str = _setting("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
    otel_disabled: bool = _setting("OTEL_SDK_DISABLED", False)
    follow_seconds: float = _setting("FOLLOW_SECONDS", 3.0, least=0.001)
    clock_skew_seconds: float = _setting("CLOCK_SKEW_SECONDS", 30.0, least=0)
    napalm_username: str = _setting("NAPALM_USERNAME", "")
    napalm_password: str = _setting("NAPALM_PASSWORD", "")
    napalm_timeout: int = _setting("NAPALM_TIMEOUT", 20)
    napalm_args: str = _setting("NAPALM_ARGS", "{}", parse=parsers.json_object)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """The settings that `environment` makes; an empty variable is as good as none. Raises SettingError."""
        own = {each.name: _read(environment, each) for each in fields(cls) if "variable" in each.metadata}
        addresses = {
            service: _parsed(environment, f"PATCHBAY_{service.upper()}_URL", parsers.addresses)
            or (f"http://127.0.0.1:{port}",)
            for port, service in enumerate(SERVICES, FIRST_SERVICE_PORT)
        }
        databases, replicas = (
            {app: url for app in APPS if (url := _parsed(environment, database_variable(app, kind), _database_url))}
            for kind in ("DATABASE", "DATABASE_REPLICA")
        )
        return cls(
            upstreams=addresses,
            database_urls=databases,
            replica_urls=replicas,
            service_keys={app: key for app in APPS if (key := environment.get(f"PATCHBAY_{app.upper()}_KEY"))},
            **own,
        )

    @property
    def max_internal_body_bytes(self) -> int:
        """What services send each other may be larger: a change is told with all that was and all that is now."""
        return 4 * self.max_body_bytes

    @property
    def process(self) -> str:
        """The name of this process, told from whom it has the keys of; empty for one that serves nothing."""
        if "users" in self.service_keys:
            return process_of("users")
        return TOGETHER if len(self.service_keys) > 1 else next(iter(self.service_keys), "")

    @classmethod
    def defaults(cls) -> dict[str, str]:
        """What each variable is where nothing says otherwise, but for those of a single service."""
        return {
            each.metadata["variable"]: _text_of(each.default) for each in fields(cls) if "variable" in each.metadata
        }

    @classmethod
    def variables(cls) -> list[str]:
        """The names of all variables that any process reads."""
        own = [each.metadata["variable"] for each in fields(cls) if "variable" in each.metadata]
        owners = [f"PATCHBAY_{process_of(app).upper()}" for app in APPS]
        addresses = [f"{owner}_URL" for owner in owners[:-1]]  # the gateway's is a field of its own
        databases = [database_variable(app, kind) for app in APPS for kind in ("DATABASE", "DATABASE_REPLICA")]
        return [*own, *addresses, *databases, *(f"PATCHBAY_{app.upper()}_KEY" for app in APPS)]


def _text_of(value: Any) -> str:
    """A default as one would set it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value in (None, ()) else f"{value:g}" if isinstance(value, int | float) else str(value)


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
