"""What one run of the stack consists of: its programs, where each listens and what each is told."""

import json
import shlex
import socket
import sys
from dataclasses import dataclass, field
from itertools import chain

from shared.config import APPS, SERVICES, surroundings, with_driver
from stack import ROOT
from stack.cli_error import CliError
from stack.folder import DataFolder, write_private
from stack.postgres import Cluster

GATEWAY = "gateway"
POSTGRES = "postgres"
LOOPBACK = "127.0.0.1"
DATABASES = (*SERVICES, GATEWAY)
OWN = {"dcim": ("NAPALM_USERNAME", "NAPALM_PASSWORD")}


def database_name(owner: str) -> str:
    return f"patchbay_{owner}"


def url_variable(owner: str) -> str:
    return f"PATCHBAY_{owner.upper()}_DATABASE_URL"


def address_variable(name: str) -> str:
    return f"PATCHBAY_{name.upper()}_URL"


def key_variable(app: str) -> str:
    return f"PATCHBAY_{app.upper()}_KEY"


@dataclass(frozen=True)
class Program:
    """One supervised process: `command` is restarted when it dies; `port` is None where it serves no HTTP."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    port: int | None = None


class Plan:
    """The ports of a run and, derived from them and the data folder, all that the programs are told."""

    def __init__(self, folder: DataFolder, host: str, ports: dict[str, int]) -> None:
        self.folder = folder
        self.host = host
        self.ports = ports
        self.cluster = Cluster(folder)

    @classmethod
    def make(cls, folder: DataFolder, host: str, port: int) -> "Plan":
        """The gateway on `port`, the services on the free loopback ports that follow it. Raises CliError."""
        if not _free(host, port):
            raise CliError(f"port {port} of {host} is taken; choose another with --port")
        free = (p for p in chain(range(port + 1, 65536), range(1024, port)) if _free(LOOPBACK, p))
        return cls(folder, host, {GATEWAY: port, **{service: next(free) for service in SERVICES}})

    @classmethod
    def load(cls, folder: DataFolder) -> "Plan":
        """The plan of the last run. Raises CliError."""
        try:
            written = json.loads(folder.plan.read_text())
        except FileNotFoundError as error:
            raise CliError(f"nothing was ever started in {folder.path}") from error
        if new := set(SERVICES) - written["ports"].keys():
            raise CliError(f"{folder.path} was last started by a release without {', '.join(new)}: `down`, then `up`")
        return cls(folder, written["host"], written["ports"])

    def save(self) -> None:
        write_private(self.folder.plan, json.dumps({"host": self.host, "ports": self.ports}, indent=2) + "\n")

    @property
    def gateway_url(self) -> str:
        return self.health_base(GATEWAY)

    def health_base(self, name: str) -> str:
        host = LOOPBACK if name in SERVICES or self.host == "0.0.0.0" else self.host
        return f"http://{host}:{self.ports[name]}"

    def address(self, name: str) -> str:
        """Where the other programs find `name`: not where it listens if something is in between."""
        return surroundings().get(address_variable(name)) or self.health_base(name)

    def programs(self) -> list[Program]:
        """Every process of the run, PostgreSQL first when any database is embedded."""
        postgres = Program(POSTGRES, [sys.executable, "-m", "stack.postgres", str(self.folder.path)], self._common())
        served = [self._service(service) for service in SERVICES] + [self._gateway()]
        return [postgres, *served] if embedded() else served

    def database_url(self, owner: str) -> str:
        return with_driver(surroundings().get(url_variable(owner), "")) or self.cluster.url(database_name(owner))

    def _service(self, name: str) -> Program:
        environment = {
            **self._common(),
            key_variable(name): self.signing_key(name),
            url_variable(name): self.database_url(name),
            **{own: surroundings()[own] for own in OWN.get(name, ()) if own in surroundings()},
        }
        command = _gunicorn("service", f"services.{name}.app:app", LOOPBACK, self.ports[name])
        return Program(name, command, environment, self.ports[name])

    def _gateway(self) -> Program:
        environment = {
            **self._common(),
            "PROMETHEUS_MULTIPROC_DIR": str(self.folder.metrics),
            **{address_variable(service): self.address(service) for service in SERVICES},
            **{key_variable(app): self.signing_key(app) for app in APPS},
            url_variable(GATEWAY): self.database_url(GATEWAY),
        }
        command = _gunicorn("gateway", "gateway.app:app", self.host, self.ports[GATEWAY])
        return Program(GATEWAY, command, environment, self.ports[GATEWAY])

    def signing_key(self, app: str) -> str:
        """The key with which callers of `app` sign."""
        return surroundings().get(key_variable(app)) or self.folder.signing_key(app)

    def _common(self) -> dict[str, str]:
        """What the caller's environment says, without what only one program may know."""
        private = {url_variable(owner) for owner in DATABASES} | {key_variable(app) for app in APPS}
        private |= {"PATCHBAY_ADMIN_TOKEN", *chain(*OWN.values())}
        return {
            "MEDIA_ROOT": str(self.folder.media),
            "REPORTS_ROOT": str(self.folder.reports),
            **{name: value for name, value in surroundings().items() if name not in private},
            "PYTHONPATH": str(ROOT),
            address_variable(GATEWAY): self.address(GATEWAY),
        }


def embedded() -> list[str]:
    """The owners whose database no environment variable names: the embedded PostgreSQL serves them."""
    return [owner for owner in DATABASES if not surroundings().get(url_variable(owner))]


def kept(folder: DataFolder, program: Program) -> str:
    """The shell command that runs `program` under respawn.sh."""
    record = folder.processes / f"{program.name}.pid"
    return "exec " + shlex.join(["sh", str(ROOT / "stack/respawn.sh"), str(record), *program.command])


def _gunicorn(role: str, app: str, host: str, port: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        f"python:stack.gunicorn_{role}",
        "-b",
        f"{host}:{port}",
        app,
    ]


def _free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
