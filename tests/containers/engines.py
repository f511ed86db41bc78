"""What runs containers here: the Docker engine that is there, or podman with a store of images of its own."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.config import surroundings
from tests.running import eventually

PODMAN_NEEDS = ("podman", "runc", "docker-compose", "iptables")
# Lower than podman's own, which may not be set on a machine that is a guest itself.
CONFIGURATION = """[containers]
default_ulimits = ["nofile=10000:10000", "nproc=9000:9000"]
[engine]
runtime = "runc"
"""
SECONDS_BETWEEN_CHECKS = 3.0


class Engine:
    """`command` is its command line, `compose` that of compose, both with `environment` added to ours.

    `stand_ins` tells whether images under the names of others may be put into its store.
    """

    command: list[str]
    compose: list[str]
    environment: dict[str, str]
    stand_ins: bool

    def run(self, *arguments: object) -> str:
        """What the engine's command says, which must succeed."""
        return run([*self.command, *map(str, arguments)], self.environment)

    def try_run(self, *arguments: str) -> bool:
        done = subprocess.run([*self.command, *arguments], env=surroundings() | self.environment, capture_output=True)
        return done.returncode == 0

    def start(self, compose: "Compose") -> None:
        """Build everything and start it; returns when it is started, or even healthy."""
        raise NotImplementedError


class Compose:
    """The documented commands, given in `folder`."""

    def __init__(self, engine: Engine, folder: Path, project: str) -> None:
        self.engine, self.folder, self.project = engine, folder, project

    def __call__(self, *arguments: str) -> str:
        """What `docker compose …` says, which must succeed."""
        return self.ask(*arguments, expected=0)[1]

    def ask(self, *arguments: str, expected: int | None = None) -> tuple[int, str]:
        command = [*self.engine.compose, "--project-name", self.project, *arguments]
        environment = surroundings() | self.engine.environment
        done = subprocess.run(
            command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert expected in (None, done.returncode), f"{arguments}: {done.stdout[-3000:]} {done.stderr[-3000:]}"
        return done.returncode, done.stdout

    def containers(self, name: str) -> list[str]:
        """The ids of the running containers of the service `name`."""
        labels = (f"com.docker.compose.project={self.project}", f"com.docker.compose.service={name}")
        return self.engine.run(
            "ps", "--quiet", *(word for label in labels for word in ("--filter", f"label={label}"))
        ).split()

    def healthy(self, *names: str) -> bool:
        """Whether there are containers of all of them, and all say that they are healthy."""
        found = [self.containers(name) for name in names]
        return all(found) and {self.inspect(each, ".State.Health.Status") for one in found for each in one} == {
            "healthy"
        }

    def inspect(self, container: str, what: str) -> str:
        return self.engine.run("inspect", "--format", f"{{{{{what}}}}}", container).strip()


class Docker(Engine):
    """The engine that is there; base images are those that it pulls."""

    command, compose = ["docker"], ["docker", "compose"]
    environment: dict[str, str] = {}
    stand_ins = False

    def start(self, compose: Compose) -> None:
        compose("up", "--build", "--wait")


class Podman(Engine):
    """Podman behind the interface of Docker, so that Debian's docker-compose (version 1) speaks to it.

    Its store of images is in `cache`, where they stay from one run to the next. What runs is its own, not the user's.
    """

    stand_ins = True

    def __init__(self, cache: Path, folder: Path) -> None:
        (folder / "containers.conf").write_text(CONFIGURATION)
        self._socket = folder / "podman.sock"
        store = [
            "--root",
            cache / "storage",
            "--runroot",
            "/run/patchbay-containers",
            "--network-config-dir",
            cache / "networks",
        ]
        self.command, self.compose = ["podman", *map(str, store)], ["docker-compose"]
        self.environment = {
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "DOCKER_HOST": f"unix://{self._socket}",
            "COMPOSE_HTTP_TIMEOUT": "600",
        }

    def start(self, compose: Compose) -> None:
        """Version 1 of compose cannot wait by itself.

        As many containers start at once, the name server of podman 4 may not know `postgres` for a moment. A migration
        that finds it unknown ends, and the next `up` starts it again.
        """
        compose("build")
        status, _ = compose.ask("up", "-d")
        if status and "could not translate host name" in compose("logs", "--no-color"):
            status, _ = compose.ask("up", "-d", "--no-recreate")
        assert status == 0, "compose does not bring it up"

    @contextmanager
    def serving(self) -> Iterator["Podman"]:
        """While it takes commands of compose, and has the health checks run."""
        command = [*self.command, "system", "service", "--time=0", f"unix://{self._socket}"]
        ended = threading.Event()
        checking = threading.Thread(target=self._check, args=(ended,))
        with subprocess.Popen(command, env=surroundings() | self.environment, stderr=subprocess.DEVNULL) as service:
            try:
                eventually(self._socket.exists, "podman listens")
                checking.start()
                yield self
            finally:
                ended.set()
                if checking.ident:
                    checking.join()
                service.terminate()

    def _check(self, ended: threading.Event) -> None:
        """What timers of systemd do where there is systemd."""
        while not ended.wait(SECONDS_BETWEEN_CHECKS):
            for name in self.run("ps", "--quiet").split():
                self.try_run("healthcheck", "run", name)


@contextmanager
def engine() -> Iterator[Engine]:
    """The engine of this machine; skips the tests that need it, saying why, where there is none."""
    if _answers("docker", "info") and _answers("docker", "compose", "version"):
        yield Docker()
        return
    missing = [program for program in PODMAN_NEEDS if not shutil.which(program)]
    if missing or os.geteuid() != 0:
        why = f"{', '.join(missing).upper()} IS MISSING" if missing else "PODMAN NEEDS ROOT HERE"
        pytest.skip(f"NO DOCKER ENGINE ANSWERS, AND {why}: CONTAINERS WERE NOT TRIED")
    cache = Path(surroundings().get("XDG_CACHE_HOME") or Path.home() / ".cache") / "patchbay" / "containers"
    cache.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="patchbay-podman-") as folder,
        Podman(cache, Path(folder)).serving() as podman,
    ):
        yield podman


def _answers(*command: str) -> bool:
    return shutil.which(command[0]) is not None and subprocess.run(command, capture_output=True).returncode == 0


def run(command: list[str], environment: dict[str, str]) -> str:
    """What a command says, which must succeed."""
    done = subprocess.run(command, env=surroundings() | environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout[-3000:]} {done.stderr[-3000:]}"
    return done.stdout
