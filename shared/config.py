"""Settings: the only reader of the environment.

Every variable is listed here with its type and its default. `Settings.from_environment()` is called once per process.
"""

import os
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import count

SERVICES = ("dcim", "ipam", "circuits", "tenancy", "extras", "secrets", "virtualization")
APPS = (*SERVICES, "users")


def process_of(app: str) -> str:
    """The process that serves `app`, and whose database it has: the gateway serves the users."""
    return "gateway" if app == "users" else app


def package_of(app: str) -> str:
    """The package that `app` is made of."""
    return "gateway.users" if app == "users" else f"services.{app}"


_TRUE = {"1", "true", "yes", "on"}


def _flag(name: str, default: bool) -> bool:
    return os.environ.get(name, str(default)).strip().lower() in _TRUE


def _number(name: str, default: int) -> int:
    return int(os.environ.get(name, default))


def _networks(name: str) -> "tuple[IPv4Network | IPv6Network, ...]":
    return tuple(ip_network(part.strip()) for part in os.environ.get(name, "").split(",") if part.strip())


def _text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def surroundings() -> dict[str, str]:
    """The environment as it is, for the launcher, which hands each process its share of it."""
    return dict(os.environ)


def with_driver(url: str) -> str:
    """The `postgresql://` that people write (or `postgres://`) as SQLAlchemy takes it with the driver installed."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg2://{rest}" if separator and scheme in ("postgres", "postgresql") else url


@dataclass(frozen=True)
class Settings:
    """What a process needs to know about its surroundings.

    `service_keys` holds the signing key of each service the process may speak for or to: one entry in a service
    (its own), all of them in the gateway.
    """

    gateway_url: str = "http://127.0.0.1:8000"
    upstreams: dict[str, str] = field(default_factory=dict)
    database_urls: dict[str, str] = field(default_factory=dict)
    service_keys: dict[str, str] = field(default_factory=dict)
    login_required: bool = False
    max_page_size: int = 1000
    paginate_count: int = 50
    strict_filters: bool = False
    prefer_ipv4: bool = False
    enforce_global_unique: bool = False
    media_root: str = "var/media"
    reports_root: str = "var/reports"
    report_seconds: int = 25  # less than the gateway waits (read_seconds)
    max_body_bytes: int = 10 * 1024 * 1024
    max_bulk_objects: int = 1000
    database_pool: int = 8
    connect_seconds: float = 2.0
    read_seconds: float = 30.0
    upstream_connections: int = 256
    gateway_clients: int = 256
    trusted_proxies: "tuple[IPv4Network | IPv6Network, ...]" = ()  # whose word for where a request comes from counts
    metrics_folder: str = ""
    follow_seconds: float = 3.0
    clock_skew_seconds: float = 30.0
    napalm_username: str = ""
    napalm_password: str = field(default="", repr=False)
    napalm_timeout: int = 20
    napalm_args: str = "{}"

    @classmethod
    def from_environment(cls) -> "Settings":
        ports = dict(zip(SERVICES, count(8001), strict=False))
        return cls(
            gateway_url=_text("PATCHBAY_GATEWAY_URL", cls.gateway_url),
            upstreams={s: _text(f"PATCHBAY_{s.upper()}_URL", f"http://127.0.0.1:{ports[s]}") for s in SERVICES},
            database_urls={
                app: with_driver(url)
                for app in APPS
                if (url := _text(f"PATCHBAY_{process_of(app).upper()}_DATABASE_URL"))
            },
            service_keys={s: key for s in APPS if (key := _text(f"PATCHBAY_{s.upper()}_KEY"))},
            login_required=_flag("LOGIN_REQUIRED", cls.login_required),
            max_page_size=_number("MAX_PAGE_SIZE", cls.max_page_size),
            paginate_count=_number("PAGINATE_COUNT", cls.paginate_count),
            strict_filters=_flag("STRICT_FILTERS", cls.strict_filters),
            prefer_ipv4=_flag("PREFER_IPV4", cls.prefer_ipv4),
            enforce_global_unique=_flag("ENFORCE_GLOBAL_UNIQUE", cls.enforce_global_unique),
            media_root=_text("MEDIA_ROOT", cls.media_root),
            reports_root=_text("REPORTS_ROOT", cls.reports_root),
            report_seconds=_number("REPORT_SECONDS", cls.report_seconds),
            max_body_bytes=_number("MAX_BODY_BYTES", cls.max_body_bytes),
            max_bulk_objects=_number("MAX_BULK_OBJECTS", cls.max_bulk_objects),
            database_pool=_number("DATABASE_POOL", cls.database_pool),
            connect_seconds=float(_text("CONNECT_SECONDS", str(cls.connect_seconds))),
            read_seconds=float(_text("READ_SECONDS", str(cls.read_seconds))),
            upstream_connections=_number("UPSTREAM_CONNECTIONS", cls.upstream_connections),
            gateway_clients=_number("GATEWAY_CLIENTS", cls.gateway_clients),
            trusted_proxies=_networks("TRUSTED_PROXIES"),
            metrics_folder=_text("PROMETHEUS_MULTIPROC_DIR"),
            follow_seconds=float(_text("FOLLOW_SECONDS", str(cls.follow_seconds))),
            clock_skew_seconds=float(_text("CLOCK_SKEW_SECONDS", str(cls.clock_skew_seconds))),
            napalm_username=_text("NAPALM_USERNAME"),
            napalm_password=_text("NAPALM_PASSWORD"),
            napalm_timeout=_number("NAPALM_TIMEOUT", cls.napalm_timeout),
            napalm_args=_text("NAPALM_ARGS", cls.napalm_args),
        )


settings = Settings.from_environment()
