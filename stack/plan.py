"""What one run of the stack consists of: its programs, where each listens and what each is told."""

import errno
import json
import os
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from shared.config import APPS, SERVICES, TOGETHER, surroundings, with_driver
from shared.setting_parsers import base_path
from stack import ROOT, settings_file
from stack.cli_error import CliError
from stack.folder import DataFolder, write_private
from stack.postgres import Cluster
from stack.processes import STANDBY
from stack.settings_file import DATABASES, EMBEDDED, key_variable, replica_variable, url_variable

GATEWAY = "gateway"
POSTGRES = "postgres"
LOOPBACK = "127.0.0.1"
# Extras may be elsewhere: what the caller's environment says comes after.
_PYTHONPATH = {"PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), surroundings().get("PYTHONPATH"))))}
METRICS = "PROMETHEUS_MULTIPROC_DIR"
OWN = {"dcim": ("NAPALM_USERNAME", "NAPALM_PASSWORD")}
# What programs are told on a small machine unless a setting says otherwise.
SMALL = {"DATABASE_POOL": "4", "GATEWAY_WORKERS": "1"}


def database_name(owner: str) -> str:
    return f"patchbay_{owner}"


def address_variable(name: str) -> str:
    return f"PATCHBAY_{name.upper()}_URL"


@dataclass(frozen=True)
class Program:
    """One supervised process: `command` is restarted when it dies."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


class Plan:
    """The ports of a run and, derived from them and the data folder, all that the programs are told.

    One that is `small` has a single process for all services.
    """

    def __init__(self, folder: DataFolder, host: str, ports: dict[str, int], small: bool = False) -> None:
        self.folder = folder
        self.host = host
        self.ports = ports
        self.small = small
        self.cluster = Cluster(folder)
        self.environment = settings_file.environment(folder)

    @classmethod
    def make(cls, folder: DataFolder, host: str, port: int, small: bool = False) -> "Plan":
        """The gateway on `port`, the services on the free loopback ports that follow it. Raises CliError."""
        if (reason := _unusable(host, port)) is not None:
            raise CliError(reason)
        free = (p for p in chain(range(port + 1, 65536), range(1024, port)) if _unusable(LOOPBACK, p) is None)
        return cls(folder, host, {GATEWAY: port, **{service: next(free) for service in SERVICES}}, small)

    @classmethod
    def load(cls, folder: DataFolder) -> "Plan":
        """The plan of the last run, or of programs elsewhere that the settings name. Raises CliError."""
        try:
            written = json.loads(folder.plan.read_text())
        except FileNotFoundError as error:
            elsewhere = cls(folder, LOOPBACK, {})
            if all(elsewhere.environment.get(address_variable(service)) for service in SERVICES):
                return elsewhere
            raise CliError(f"nothing was ever started in {folder.path}") from error
        if new := set(SERVICES) - written["ports"].keys():
            raise CliError(f"{folder.path} was last started by a release without {', '.join(new)}: `down`, then `up`")
        return cls(folder, written["host"], written["ports"], written.get("small", False))

    @property
    def elsewhere(self) -> bool:
        """Whether the programs are not of this folder: settings say where they answer."""
        return not self.ports

    def save(self) -> None:
        told = {"host": self.host, "ports": self.ports, "small": self.small}
        write_private(self.folder.plan, json.dumps(told, indent=2) + "\n")

    def program_of(self, name: str) -> str:
        """The program that serves `name`, a service or itself a program."""
        return TOGETHER if self.small and name in SERVICES else name

    @property
    def names(self) -> list[str]:
        """What can be asked how it is: the services, whichever process serves them, and the other programs."""
        others = [program.name for program in self.programs() if program.name not in (*self.ports, TOGETHER)]
        return [*others, *SERVICES, GATEWAY]

    @property
    def gateway_url(self) -> str:
        return self.health_base(GATEWAY)

    @property
    def public_url(self) -> str:
        """Where clients on this machine find the API and the pages."""
        return self.gateway_url + base_path(self.environment.get("BASE_PATH", ""))

    def health_base(self, name: str) -> str:
        """Where the launcher finds `name`. Raises CliError where it runs elsewhere and no setting says so."""
        if name not in self.ports:
            if not (copies := self.environment.get(address_variable(name), "")):
                raise CliError(f"{address_variable(name)} must say where {name} answers")
            return copies.split(",")[0].strip().rstrip("/")
        anywhere = {"0.0.0.0": LOOPBACK, "::": "::1"}
        host = LOOPBACK if name in SERVICES else anywhere.get(self.host, self.host)
        return f"http://{_bracketed(host)}:{self.ports[name]}"

    def address(self, name: str) -> str:
        """The URL at which other programs reach `name`; a setting may name a proxy in front of it."""
        return self.environment.get(address_variable(name)) or self.health_base(name)

    def programs(self) -> list[Program]:
        """Every process of the run, the other supervisor first, then PostgreSQL if any database is embedded.

        Raises CliError where others, such as compose or systemd, run them.
        """
        if self.elsewhere:
            raise CliError(f"nothing was ever started in {self.folder.path}: the programs are run by somebody else")
        path = str(self.folder.path)
        standby = Program(STANDBY, [sys.executable, "-m", "stack.supervisor", path], surroundings() | _PYTHONPATH)
        postgres = Program(
            POSTGRES, [sys.executable, "-m", "stack.postgres", path, *(["small"] if self.small else [])], self._common()
        )
        services = [self._together()] if self.small else [self._service(service) for service in SERVICES]
        served = [*services, self._gateway()]
        return [standby, *([postgres] if self.embedded(DATABASES) else []), *served]

    def embedded(self, owners: Iterable[str]) -> list[str]:
        """Those of `owners` whose database no setting names: the embedded PostgreSQL serves them."""
        return [owner for owner in owners if self.environment.get(url_variable(owner), EMBEDDED) in ("", EMBEDDED)]

    def database_url(self, owner: str) -> str:
        if self.embedded([owner]):
            return self.cluster.url(database_name(owner))
        return with_driver(self.environment[url_variable(owner)])

    def _service(self, name: str) -> Program:
        environment = {**self._common(), METRICS: str(self.folder.metrics / name), **self._secrets(name)}
        command = _gunicorn("service", f"services.{name}.app:app", LOOPBACK, [self.ports[name]])
        return Program(name, command, environment)

    def _together(self) -> Program:
        """All services as one program."""
        environment = {**self._common(), METRICS: str(self.folder.metrics / TOGETHER)}
        for name in SERVICES:
            environment |= self._secrets(name)
        ports = ", ".join(f"{name}={self.ports[name]}" for name in SERVICES)
        application = f"stack.together:services({ports})"
        command = _gunicorn("together", application, LOOPBACK, [self.ports[name] for name in SERVICES])
        return Program(TOGETHER, command, environment)

    def _secrets(self, name: str) -> dict[str, str]:
        """What only the service `name` may know."""
        return {
            key_variable(name): self.signing_key(name),
            url_variable(name): self.database_url(name),
            **self._own(replica_variable(name)),
            **self._own(*OWN.get(name, ())),
        }

    def _gateway(self) -> Program:
        environment = {
            **self._common(),
            METRICS: str(self.folder.metrics / GATEWAY),
            **{address_variable(service): self.address(service) for service in SERVICES},
            **{key_variable(app): self.signing_key(app) for app in APPS},
            url_variable(GATEWAY): self.database_url(GATEWAY),
            **self._own(replica_variable(GATEWAY)),
        }
        command = _gunicorn("gateway", "gateway.app:app", self.host, [self.ports[GATEWAY]])
        return Program(GATEWAY, command, environment)

    def _own(self, *variables: str) -> dict[str, str]:
        """Those of `variables`, which only one program may know, that are set."""
        return {name: self.environment[name] for name in variables if name in self.environment}

    def signing_key(self, app: str) -> str:
        """The key with which callers of `app` sign."""
        return self.environment.get(key_variable(app)) or self.folder.signing_key(app)

    def _common(self) -> dict[str, str]:
        """The environment that all programs share: the caller's, without secrets that only one program may know."""
        private = {variable(owner) for owner in DATABASES for variable in (url_variable, replica_variable)}
        private |= {key_variable(app) for app in APPS}
        private |= {"PATCHBAY_ADMIN_TOKEN", *chain(*OWN.values())}
        return {
            "MEDIA_ROOT": str(self.folder.media),
            "REPORTS_ROOT": str(self.folder.reports),
            "RENDERS_FOLDER": str(self.folder.renders),
            **(SMALL if self.small else {}),
            **{name: value for name, value in self.environment.items() if name not in private},
            **_PYTHONPATH,
            address_variable(GATEWAY): self.address(GATEWAY),
        }


def _bracketed(host: str) -> str:
    """An address of IPv6 as it stands before a port."""
    return f"[{host}]" if ":" in host else host


def _gunicorn(role: str, app: str, host: str, ports: list[int]) -> list[str]:
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        f"python:stack.gunicorn_{role}",
        *chain.from_iterable(("-b", f"{_bracketed(host)}:{port}") for port in ports),
        app,
    ]


def _unusable(host: str, port: int) -> str | None:
    """Why nobody could listen on `port` of `host`; None if somebody can."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        return f"--host {host}: {error.strerror}"
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"port {port} of {host} is taken; choose another with --port"
        return f"nobody can listen on port {port} of {host}: {error.strerror}"
    return None
