"""Stacks that are moved from and to, and the command lines that do it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from moving.catalogue import TypeCatalogue
from tests.client import Client
from tests.moving.inventory import Inventory
from tests.running import Stack, patchbay


class Place:
    """One Patchbay with the commands that move its inventory."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.api = Client(stack.base_url, stack.token)

    def run(self, command: str, *arguments: object, status: int = 0) -> str:
        """What the command says, which must end with `status`."""
        done = patchbay(command, *arguments, "--data", self.stack.data)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def fail(self, command: str, *arguments: object) -> str:
        """The one line that the command ends with."""
        done = patchbay(command, *arguments, "--data", self.stack.data)
        assert done.returncode == 1 and done.stderr.splitlines()[-1].startswith("patchbay: "), done.stderr
        return done.stderr.splitlines()[-1]

    @property
    def catalogue(self) -> TypeCatalogue:
        return TypeCatalogue(self.api.get("schema/")[1])

    def export(self, path: Path, *arguments: object) -> bytes:
        """The exported file; with the name of the plain file its bytes are JSON lines."""
        self.run("export", path, *arguments)
        return path.read_bytes()


def unnumbered(lines: bytes, catalogue: TypeCatalogue) -> list[dict]:
    """The rows of an export with each id, in references too, replaced by its place among those of its type."""
    rows = [json.loads(line) for line in lines.splitlines()[1:]]
    places: dict[str, dict[int, int]] = {}
    for row in rows:
        of_type = places.setdefault(catalogue.kinds[row["endpoint"]].label, {})
        of_type[row["id"]] = len(of_type)
    for row in rows:
        kind, body = catalogue.kinds[row["endpoint"]], row["body"]
        row["id"] = places[kind.label][row["id"]]
        for name, label in kind.references.items():
            if name in kind.lists:
                body[name] = sorted(places[label][each] for each in body[name])
            elif body[name] is not None:
                body[name] = places[label][body[name]]
        if kind.of_any:
            body["object_id"] = places[body["content_type"]][body["object_id"]]
    return rows


@pytest.fixture(scope="module")
def make_place(make_stack) -> Callable[[], Place]:
    return lambda: Place(make_stack().start())


@pytest.fixture(scope="module")
def home(make_place) -> Place:
    """A Patchbay with an inventory of everything; `home.key` is the file of the key that opens its secrets."""
    place = make_place()
    inventory = Inventory(place.api)
    place.key = place.stack.home / "private.pem"
    place.key.write_text(inventory.private_key)
    return place


@pytest.fixture
def elsewhere(make_place) -> Iterator[Place]:
    """An empty Patchbay, of one test."""
    place = make_place()
    yield place
    place.stack.down()
