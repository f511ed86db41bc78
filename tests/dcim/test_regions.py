"""Regions: they stay a tree whatever happens at once, and as deep as there is room."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from tests.client import Client

_numbers = count(1)


@pytest.fixture
def region(api):
    def make(**given):
        name = f"tree-{next(_numbers)}"
        return api.make("dcim/regions/", name=name, slug=name, **given)["id"]

    return make


def test_two_moves_at_once_close_no_cycle(api, region, stack):
    for _ in range(5):
        one, other = region(), region()
        below_one, below_other = region(parent=one), region(parent=other)
        moves = [(one, below_other), (other, below_one)]

        def move(ids):
            return Client(stack.base_url, stack.token).patch(f"dcim/regions/{ids[0]}/", {"parent": ids[1]})

        with ThreadPoolExecutor(2) as pool:
            replies = list(pool.map(move, moves))
        assert sorted(status for status, _ in replies) == [200, 400]
        assert [list(reply) for status, reply in replies if status == 400] == [["parent"]]
        api.delete(f"dcim/regions/{one}/")
        api.delete(f"dcim/regions/{other}/")


def nested(api, letter: str) -> tuple[list[dict], dict]:
    """Regions, each below the one before, as deep as it goes, and the refusal of the next."""
    made: list[dict] = []
    while True:
        parent = made[-1]["id"] if made else None
        name = f"{letter * 38}{uuid.uuid4().hex[:12]}"
        status, reply = api.post("dcim/regions/", {"name": name, "slug": name[-12:], "parent": parent})
        if status != 201:
            assert status == 400, reply
            return made, reply
        made.append(reply)


@pytest.mark.parametrize(("letter", "depth"), [("a", 51), ("\u6f22", 20)])
def test_regions_nest_as_deep_as_their_names_have_room(api, letter, depth):
    made, refusal = nested(api, letter)
    assert len(made) == depth and list(refusal) == ["parent"] and "2600 bytes" in refusal["parent"][0]
    top, last = made[0], made[-1]
    status, reply = api.patch(f"dcim/regions/{top['id']}/", {"name": letter * 50})
    assert status == 200 or list(reply) == ["name"]
    beside = api.make("dcim/regions/", name=f"Beside {letter * 30}", slug=f"beside-{depth}")
    status, reply = api.patch(f"dcim/regions/{made[1]['id']}/", {"parent": beside["id"]})
    assert status == 200, reply
    status, reply = api.patch(f"dcim/regions/{beside['id']}/", {"parent": top["id"]})
    assert (status, list(reply)) == (400, ["parent"])
    assert api.get("dcim/regions/", id=last["id"])[1]["count"] == 1
    assert api.delete(f"dcim/regions/{top['id']}/")[0] == 204 and api.delete(f"dcim/regions/{beside['id']}/")[0] == 204
