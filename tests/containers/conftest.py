"""A Patchbay that compose runs as documented, from a copy of the tree that tests may change."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.config import SERVICES
from stack import ROOT
from tests.client import Client
from tests.clients import demo
from tests.containers import base_images
from tests.containers.engines import Compose, Engine, engine
from tests.running import eventually, free_port, patchbay

PROGRAMS = (*SERVICES, "gateway")
IMAGES = "patchbay-test"
TOKEN = "0123456789abcdef" * 2 + "01234567"
# What docker-compose.yml and the Dockerfile need.
TREE = (".dockerignore", "Dockerfile", "docker-compose.yml", ".env.example", "requirements.lock")
FOLDERS = ("requirements", "shared", "services", "gateway", "stack", "moving", "deploy/postgres")


class Composed:
    """What was composed. `replacing` names the program that a test replaces or takes away, as loads want to know."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder, self.port = engine, folder, free_port()
        self.replacing: str | None = None
        self.compose = Compose(engine, folder, IMAGES)
        self.client = Client(f"http://127.0.0.1:{self.port}", TOKEN)
        for name in TREE:
            shutil.copy2(ROOT / name, folder / name)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        # Images of these names may be in use on this machine.
        written = (folder / "docker-compose.yml").read_text()
        (folder / "docker-compose.yml").write_text(written.replace("image: patchbay-", f"image: {IMAGES}-"))
        self._configure()

    def _configure(self) -> None:
        """`.env`, as the documentation has it made."""
        example = (self.folder / ".env.example").read_text().splitlines()
        kept = [line for line in example if not line.endswith("=") or not line.startswith(("PATCHBAY_", "POSTGRES_"))]
        keys = patchbay("keys", "--data", self.folder / "var").stdout.splitlines()
        settings = [f"PATCHBAY_ADMIN_TOKEN={TOKEN}", f"PATCHBAY_PORT=127.0.0.1:{self.port}"]
        (self.folder / ".env").write_text("\n".join([*kept, *keys, *settings, ""]))

    def start(self) -> None:
        try:
            self.engine.start(self.compose)
        except AssertionError as failed:
            raise AssertionError(f"{failed}: {self.log()}") from failed
        self.compose("--profile", "tools", "build", "tools")
        self.wait_until_healthy()

    def wait_until_healthy(self) -> None:
        try:
            eventually(lambda: self.compose.healthy(*PROGRAMS), "every program is healthy")
        except AssertionError as never:
            raise AssertionError(f"{never}: {self.log()}") from never

    def log(self) -> str:
        """The end of what each container wrote, but for the one that says the first administrator's password."""
        services = [each for each in self.compose("config", "--services").split() if each != "migrate-gateway"]
        return self.compose("logs", "--no-color", "--tail", "5", *services)

    def tools(self, *arguments: str) -> tuple[int, str]:
        """The command line in a container: its exit status, and what it says."""
        return self.compose.ask("run", "--rm", "tools", *arguments, "--data", "/tmp/patchbay")

    def remove(self) -> None:
        self.compose("down", "--volumes", "--timeout", "0")


@pytest.fixture(scope="module")
def composed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """Everything, healthy, with the demo inventory. To build the images takes minutes: whoever releases asks for it."""
    if not request.config.getoption("--containers"):
        pytest.skip("asked for with --containers")
    with engine() as found:
        base_images.provide(found)
        made = Composed(found, tmp_path_factory.mktemp("composed"))
        try:
            made.start()
            demo.load(made.client)
            yield made
        finally:
            made.remove()
