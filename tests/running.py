"""A Patchbay of the tests' own: the real stack on free ports and a temporary data folder."""

import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from shared.config import process_of, surroundings, with_driver
from stack import ROOT, processes
from stack.folder import DataFolder
from stack.health import states
from stack.plan import Plan
from stack.postgres import Cluster
from stack.settings_file import url_variable

PATIENCE_SECONDS = 180  # only what never comes to pass takes so long

_given: set[int] = set()


def free_port() -> int:
    """A loopback port with room for the services' ports above it, none of the kernel's for outgoing connections.

    It is given out once, to one of two processes that test side by side: what has it may take a while to use it.
    """
    lane = int(surroundings().get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 2
    while True:
        port = random.randrange(20000 + 10 * lane, 32000, 20)
        with socket.socket() as probe:
            if port not in _given and probe.connect_ex(("127.0.0.1", port)):
                _given.add(port)
                return port


def eventually(condition: Callable[[], object], what: str) -> None:
    """Returns as soon as `condition` holds; fails naming `what` when it never does."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > give_up:
            raise AssertionError(f"never came to pass: {what}")
        time.sleep(0.1)


def lives(process: psutil.Process) -> bool:
    """Whether a process is there; one that has ended, of which whoever started it is yet to take note, is not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def leader(folder: DataFolder, name: str) -> psutil.Process:
    """The process that keeps `name`, which must be alive."""
    found = processes.leader(folder, name)
    assert found, f"{name} is not running"
    return found


def patchbay(*arguments: object, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    """Runs the command line with `environment` added to ours; output is captured as text."""
    command = [sys.executable, "-m", "stack", *map(str, arguments)]
    settings = surroundings() | (environment or {})
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True)


class Stack:
    """One stack that is started, hurt and taken down by a test."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="patchbay-test-"))
        self.home.chmod(0o711)
        self.move_data("data")
        self.port = free_port()
        self.environment = environment or {}

    def move_data(self, name: str) -> None:
        """Chooses the name of the data folder, before the first start."""
        self.data = self.home / name
        self.folder = DataFolder(self.data)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return self.folder.admin_token.read_text().strip()

    @property
    def processes(self) -> dict[str, psutil.Process]:
        """The gunicorn masters and the PostgreSQL server that live, by name."""
        names = [program.name for program in Plan.load(self.folder).programs() if program.name != processes.STANDBY]
        found = {name: processes.leader(self.folder, name) for name in names}
        return {name: process for name, process in found.items() if process}

    def database_url(self, app: str) -> str:
        """The SQLAlchemy URL of the database of a service or the gateway, where the accounts (`users`) are."""
        owner = process_of(app)
        given = self.environment.get(url_variable(owner))
        return with_driver(given) if given else Cluster(self.folder).url(f"patchbay_{owner}")

    def run(self, command: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess:
        everything = self.environment | environment
        return patchbay(command, "--data", self.data, *arguments, environment=everything)

    def up(self, **environment: str) -> subprocess.CompletedProcess:
        return self.run("up", "--detach", "--port", self.port, **environment)

    def start(self) -> "Stack":
        result = self.up()
        if result.returncode:
            raise AssertionError(f"the stack does not start: {result.stderr}\n{self.log()}")
        return self

    def log(self) -> str:
        """All that the programs wrote."""
        return "\n".join(path.read_text() for path in sorted(self.folder.logs.glob("*.log")))

    def down(self) -> subprocess.CompletedProcess:
        return self.run("down")

    def kill(self, name: str) -> None:
        """SIGKILLs a gunicorn master or PostgreSQL."""
        self.processes[name].kill()

    @contextmanager
    def without(self, *names: str) -> Iterator[None]:
        """The stack while these are dead, and are not started again."""
        supervisor = leader(self.folder, processes.SUPERVISOR)
        supervisor.suspend()
        for name in names:
            for process in (self.processes[name], *self.processes[name].children(recursive=True)):
                process.kill()
        try:
            yield
        finally:
            supervisor.resume()
            self.wait_until_healthy()

    @contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        """The stack while these hang: they take connections and never answer."""
        hung = [each for name in names for each in (self.processes[name], *self.processes[name].children())]
        for each in hung:
            each.suspend()
        try:
            yield
        finally:
            for each in hung:
                each.resume()
            self.wait_until_healthy()

    def health(self) -> dict[str, str]:
        return states(Plan.load(self.folder))

    def wait_until_healthy(self) -> None:
        try:
            eventually(lambda: set(self.health().values()) == {"healthy"}, "every process is healthy")
        except AssertionError as never:
            raise AssertionError(f"{never}: {self.health()}") from never

    def remove(self) -> None:
        """Takes the stack down and its data away."""
        if self.folder.processes.exists():
            self.down()
        for elsewhere in ("postgres", "postgres-socket"):
            shutil.rmtree((self.data / elsewhere).resolve(), ignore_errors=True)
        shutil.rmtree(self.home)
