"""docs/moving.md: every example is run."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import ROOT
from tests.moving.netbox import TOKEN, serving
from tests.moving.samples import netbox
from tests.running import patchbay

GUIDE = ROOT / "docs" / "moving.md"
DEVICE_TYPES = Path(__file__).parent / "device-types"
LINES = [
    line
    for block in re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    for line in block.strip().splitlines()
]


@pytest.fixture(scope="module")
def world(home, make_place, tmp_path_factory) -> Iterator[dict]:
    """What the examples speak of: a NetBox, two Patchbays, and files."""
    folder = tmp_path_factory.mktemp("guide")
    (folder / "private.pem").write_text(home.key.read_text())
    row = {"endpoint": "dcim/regions", "ref": "a", "body": {"name": "Listed", "slug": "listed"}}
    (folder / "requests.json").write_text(json.dumps([row]))
    with serving(netbox("2.11")) as source:
        yield {"home": home, "made": {}, "make": make_place, "folder": folder, "source": source}


@pytest.mark.parametrize("line", LINES, ids=[f"{number}-{line[11:45]}" for number, line in enumerate(LINES)])
def test_an_example_works(world, line):
    command, *arguments = shlex.split(line)
    assert command == "./patchbay"
    place = world["home"] if arguments[0] == "export" else reached(world, line)
    done = patchbay(*(meant(each, world, line) for each in arguments), "--data", place.stack.data)
    assert done.returncode == 0, done.stdout + done.stderr


def reached(world: dict, line: str):
    """The Patchbay that an import goes into: each source has one of its own, for they all have the same objects."""
    sources = ("--keep-ids", "--as", "inventory.jsonl", "patchbay.example.org")
    source = next((each for each in sources if each in line), "netbox")
    if source not in world["made"]:
        world["made"][source] = world["make"]()
    return world["made"][source]


def meant(argument: str, world: dict, line: str) -> str:
    """What stands for an argument of an example."""
    patchbay_url = "http://patchbay.example.org:8000"
    known = {
        "https://netbox.example.org": world["source"].base_url,
        patchbay_url: world["home"].stack.base_url,
        "$TOKEN": world["home"].stack.token if patchbay_url in line else TOKEN,
        "devicetype-library/device-types": str(DEVICE_TYPES),
    }
    is_file = Path(argument).suffix in (".xz", ".pem", ".json")
    return known.get(argument, str(world["folder"] / argument) if is_file else argument)
