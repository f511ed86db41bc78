"""The numbers of rows that are kept are the numbers of rows there are, whatever removed, added or moved them."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from tests.client import Client
from tests.factories import Factory
from tests.row_counts import differences


def region(api, **more) -> dict:
    mark = uuid4().hex[:12]
    return api.make("dcim/regions/", name=mark, slug=mark, **more)


def test_rows_that_go_by_a_cascade_are_counted(api, stack):
    top = region(api)
    middle = region(api, parent=top["id"])
    region(api, parent=middle["id"])
    before = api.get("dcim/regions/")[1]["count"]
    api.delete(f"dcim/regions/{top['id']}/")
    assert api.get("dcim/regions/")[1]["count"] == before - 3
    assert differences(stack, ["dcim"]) == []


def test_what_is_refused_is_not_counted(api):
    before = api.get("dcim/regions/")[1]["count"]
    taken = region(api)
    status, _ = api.post(
        "dcim/regions/", [{"name": uuid4().hex[:9], "slug": uuid4().hex[:9]}, {**taken, "parent": None}]
    )
    assert status == 400
    assert api.get("dcim/regions/")[1]["count"] == before + 1


def test_writers_at_the_same_time_lose_no_row(api, stack):
    def write(_) -> None:
        mine = Client(stack.base_url, stack.token)
        for number in range(25):
            made = region(mine)
            if number % 2:
                mine.delete(f"dcim/regions/{made['id']}/")

    before = api.get("dcim/regions/")[1]["count"]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert differences(stack, ["dcim"]) == []
    assert api.get("dcim/regions/")[1]["count"] == before + 4 * 13


def test_rows_that_move_are_counted_where_they_are(api, stack):
    make = Factory(api).make
    here, there, role = make("dcim.site"), make("dcim.site"), make("ipam.role")
    prefixes = api.post(
        "ipam/prefixes/",
        [{"prefix": f"10.77.{n}.0/24", "site": here["id"], "role": role["id"]} for n in range(3)],
    )[1]
    assert counts(api, here, role) == (3, 3)
    api.patch(f"ipam/prefixes/{prefixes[0]['id']}/", {"site": there["id"]})
    assert counts(api, here, role) == (2, 3) and counts(api, there, role) == (1, 3)
    api.patch(f"ipam/prefixes/{prefixes[0]['id']}/", {"site": None, "description": "nowhere"})
    api.delete(f"ipam/prefixes/{prefixes[1]['id']}/")
    assert counts(api, here, role) == (1, 2) and counts(api, there, role) == (0, 2)
    api.delete(f"ipam/roles/{role['id']}/")
    assert counts(api, here, role)[1] == 0
    assert differences(stack, ["ipam"]) == []


def counts(api, site: dict, role: dict) -> tuple[int, int]:
    """The prefixes at a site, which its read face and the list must agree on, and those of a role."""
    listed = api.get(f"ipam/prefixes/?site={site['slug']}&limit=1")[1]["count"]
    assert listed == api.get(f"dcim/sites/{site['id']}/")[1]["count_prefixes"]
    assert listed == api.get(f"ipam/prefixes/?site_id={site['id']}&limit=1")[1]["count"]
    return listed, api.get(f"ipam/prefixes/?role={role['slug']}&limit=1")[1]["count"]
