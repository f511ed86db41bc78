"""How full racks and aggregates are, on the start page."""

import re

import pytest

from tests.client import Client
from tests.running import eventually
from tests.web.conftest import Person


@pytest.fixture(scope="module")
def own(make_stack):
    """A stack without objects of others, whose fullest are then known."""
    return make_stack().start()


@pytest.fixture(scope="module")
def own_api(own):
    return Client(own.base_url, own.token)


@pytest.fixture
def reader(own):
    return Person(own.base_url)


def used(page: str, path: str) -> dict[str, int]:
    """The percentages that a start page tells of the objects of the list `path`, by name, in order."""
    found = re.findall(
        rf'<a href="{path}\d+/">([^<]+)</a>.*?<meter value="[\d.e-]+" aria-label="Used of [^"]+"></meter> (\d+)%',
        page,
        re.DOTALL,
    )
    return {name: int(percent) for name, percent in found}


def test_nothing_is_told_of_what_there_is_none_of(reader):
    assert "<meter" not in reader.get("/").text


def test_a_rack_is_as_full_as_units_are_taken_on_either_side(own_api, reader):
    site = own_api.make("dcim/sites/", name="Full", slug="full")
    racks = [own_api.make("dcim/racks/", name=f"R{each}", site=site["id"], u_height=10) for each in (1, 2, 3)]
    maker = own_api.make("dcim/manufacturers/", name="Full", slug="full")
    role = own_api.make("dcim/device-roles/", name="Full", slug="full", color="607d8b")
    kinds = [
        own_api.make(
            "dcim/device-types/",
            manufacturer=maker["id"],
            model=f"{height}",
            slug=f"u{height}",
            u_height=height,
            is_full_depth=False,
        )
        for height in (0, 1, 2)
    ]
    for rack, height, position, face in ((0, 1, 1, 0), (1, 2, 1, 0), (1, 1, 2, 1), (1, 2, 5, 0), (1, 0, None, None)):
        place = {"rack": racks[rack]["id"], "position": position, "face": face} if position else {}
        given = {"device_type": kinds[height]["id"], "device_role": role["id"], "site": site["id"]}
        own_api.make("dcim/devices/", **given, **place)

    def told() -> bool:
        return used(reader.get("/").text, "/api/dcim/racks/") == {"R2": 40, "R1": 10, "R3": 0}

    eventually(told, "the fullest rack is first, and units with a device on both sides count once")
    assert "17% used on average" in reader.get("/").text


def test_an_aggregate_is_as_full_as_it_is_covered_by_prefixes(own_api, reader):
    rir = own_api.make("ipam/rirs/", name="Full", slug="full")
    for prefix in ("10.0.0.0/8", "172.16.0.0/12", "2001:db8::/32"):
        own_api.make("ipam/aggregates/", prefix=prefix, rir=rir["id"])
    vrf = own_api.make("ipam/vrfs/", name="Full", rd="65000:1")
    inside = ["10.0.0.0/10", "10.0.0.0/16", "10.63.255.0/24", "10.128.0.0/9", "10.255.255.0/24", "2001:db8:8000::/33"]
    own_api.make("ipam/prefixes/", prefix="10.0.0.0/10", vrf=vrf["id"])
    for prefix in inside:
        own_api.make("ipam/prefixes/", prefix=prefix)

    def told() -> bool:
        found = used(reader.get("/").text, "/api/ipam/aggregates/")
        return found == {"10.0.0.0/8": 75, "2001:db8::/32": 50, "172.16.0.0/12": 0}

    eventually(told, "what lies in other prefixes counts once")
