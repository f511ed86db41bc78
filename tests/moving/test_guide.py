"""docs/moving.md: every example is run."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.config import surroundings
from stack import ROOT
from tests.csv.sheets import saved
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
    (folder / "wrong.csv").write_text("name,slug,status\nFine,fine,Active\nBad,bad,Activ\n")
    addresses = "".join(f"10.99.{n // 256}.{n % 256}/32\n" for n in range(1001))
    (folder / "addresses.csv").write_text(f"address\n{addresses}")
    with serving(netbox("2.11")) as source:
        yield {"home": home, "made": {}, "make": make_place, "folder": folder, "source": source}


@pytest.mark.parametrize("line", LINES, ids=[f"{number}-{line[11:45]}" for number, line in enumerate(LINES)])
def test_an_example_works(world, line):
    command, *arguments = shlex.split(line)
    if command == "curl":
        asked(world, line)
        return
    assert command == "./patchbay"
    place = world["home"] if arguments[0] == "export" else reached(world, line)
    done = patchbay(*(meant(each, world, line) for each in arguments), "--data", place.stack.data)
    assert done.returncode == 0, done.stdout + done.stderr
    if [source_of(each) for each in LINES].count(source_of(line)) == 1:  # nobody comes back to it
        place.stack.down()


def asked(world: dict, line: str) -> None:
    """A request of an example: what is to be refused is so as the guide says."""
    stack = reached(world, line).stack
    given = {"T": f"Authorization: Token {stack.token}", "B": f"{stack.base_url}/api"}
    done = subprocess.run(
        ["bash", "-c", f"{line} -s"], cwd=world["folder"], env=surroundings() | given, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    if "wrong.csv" in line:
        (told,) = re.findall(r"```json\n(.*?)```", GUIDE.read_text(), re.DOTALL)
        assert json.loads(done.stdout) == json.loads(told)
    elif "--data-binary" in line:
        assert json.loads(done.stdout)["unchanged"] > 0
    else:
        assert (world["folder"] / "sites.csv").read_bytes().count(b"\n") > 1


def test_the_example_of_a_sheet_is_taken(world):
    api = reached(world, "sheet").api
    api.make("dcim/sites/", name="Amsterdam 1", slug="ams-1")
    api.make("ipam/vrfs/", name="Customers", rd="65000:1")
    api.make("ipam/roles/", name="Access", slug="access-of-the-guide")
    (text,) = re.findall(r"```csv\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert saved(api, "ipam/prefixes/", text)["created"] == 2


def reached(world: dict, line: str):
    """The Patchbay that an import goes into: each source has one of its own, for they all have the same objects."""
    source = source_of(line)
    if source not in world["made"]:
        world["made"][source] = world["make"]()
    return world["made"][source]


def source_of(line: str) -> str:
    """What tells where the objects of an example come from."""
    sources = ("--keep-ids", "--as", "inventory.jsonl", "patchbay.example.org")
    return next((each for each in sources if each in line), "netbox")


def meant(argument: str, world: dict, line: str) -> str:
    """What stands for an argument of an example."""
    patchbay_url = "http://patchbay.example.org:8000"
    known = {
        "https://netbox.example.org": world["source"].base_url,
        patchbay_url: world["home"].stack.base_url,
        "$TOKEN": world["home"].stack.token if patchbay_url in line else TOKEN,
        "devicetype-library/device-types": str(DEVICE_TYPES),
    }
    is_file = Path(argument).suffix in (".xz", ".pem", ".json", ".csv")
    return known.get(argument, str(world["folder"] / argument) if is_file else argument)
