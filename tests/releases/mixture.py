"""A Patchbay whose programs are of different releases, one of which is replaced while the others go on."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from shared.config import SERVICES
from stack.folder import DataFolder
from stack.internal_api import ask
from stack.plan import GATEWAY, LOOPBACK, POSTGRES, Plan
from tests.client import Client
from tests.releases.trees import Release
from tests.running import eventually, free_port

PROGRAMS = (*SERVICES, GATEWAY)
FOLLOW_SECONDS = "1"


class Mixture:
    """Everything of `release` at first."""

    def __init__(self, release: Release) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="patchbay-mixture-"))
        self.home.chmod(0o711)
        self.folder = DataFolder(self.home / "data")
        self.folder.create()
        self.releases: dict[str, Release] = {}
        self.replacing: str | None = None
        self._running: dict[str, subprocess.Popen] = {}
        self._programs: dict[Release, dict[str, tuple[list[str], dict[str, str]]]] = {}
        self.plan = Plan.make(self.folder, LOOPBACK, free_port())
        self.plan.save()
        self._migrate(release)
        self._start(POSTGRES, release)
        eventually(self.plan.cluster.answers, "PostgreSQL answers")
        for name in PROGRAMS:
            self._start(name, release)
        for name in PROGRAMS:
            self._wait_for(name)

    @property
    def client(self) -> Client:
        return Client(self.plan.gateway_url, self.folder.admin_token.read_text().strip())

    def replace(self, name: str, release: Release, migrate: bool = False) -> None:
        """The program `name` of another release: a newer one's database is brought up to date before."""
        if migrate:
            self._migrate(release, name)
        with self._replacing(name):
            self._running[name].terminate()
            self._running[name].wait()
            self._start(name, release)
            self._wait_for(name)

    def ask(self, service: str, operation: str, data: dict[str, Any]) -> dict[str, Any]:
        return ask(self.plan, service, operation, data, 60)

    def findings(self) -> list[list[Any]]:
        """What an audit of all services finds."""
        return [each for name in SERVICES for each in self.ask(name, "audits", {"repair": False})["findings"]]

    def owners(self) -> dict[str, dict[str, dict[str, Any]]]:
        """What each service tells of how far it is with its owners."""
        return {name: self.ask(name, "progress", {})["owners"] for name in SERVICES}

    def log(self) -> str:
        return "\n".join(path.read_text()[-4000:] for path in sorted(self.folder.logs.glob("*.log")))

    def remove(self) -> None:
        for name in reversed(self._running):
            self._running[name].terminate()
            if name != POSTGRES:
                self._running[name].wait()
        self.plan.cluster.stop()
        for process in self._running.values():
            process.wait()
        for elsewhere in ("postgres", "postgres-socket"):
            shutil.rmtree((self.folder.path / elsewhere).resolve(), ignore_errors=True)
        shutil.rmtree(self.home)

    def _migrate(self, release: Release, *names: str) -> None:
        done = release.patchbay("migrate", self.folder, *names)
        assert done.returncode == 0, done.stdout + done.stderr

    def _start(self, name: str, release: Release) -> None:
        if release not in self._programs:
            self._programs[release] = release.programs(self.folder)
        command, environment = self._programs[release][name]
        with self.folder.open_log(name) as log:
            self._running[name] = subprocess.Popen(
                command,
                cwd=release.home,
                env=environment | {"FOLLOW_SECONDS": FOLLOW_SECONDS},
                stdout=log,
                stderr=log,
            )
        self.releases[name] = release

    def _wait_for(self, name: str) -> None:
        def ready() -> bool:
            assert self._running[name].poll() is None, f"{name} of {self.releases[name]} ended: {self.log()}"
            try:
                return requests.get(f"{self.plan.health_base(name)}/readyz", timeout=30).ok
            except requests.ConnectionError:
                return False

        while not ready():
            time.sleep(0.1)

    @contextmanager
    def _replacing(self, name: str) -> Iterator[None]:
        self.replacing = name
        try:
            yield
        finally:
            self.replacing = None
