"""Pages by cursor: all rows once, whatever happens between two pages."""

from urllib.parse import urlsplit
from uuid import uuid4

import pytest


@pytest.fixture
def group(api) -> dict:
    """A tenant group with five tenants."""
    mark = uuid4().hex[:12]
    made = api.make("tenancy/tenant-groups/", name=f"Paged {mark}", slug=f"paged-{mark}")
    for name in "edcba":
        api.make("tenancy/tenants/", name=f"{name} {mark}", slug=f"{name}-{mark}", group=made["id"])
    return made


def page(api, link: str) -> dict:
    parts = urlsplit(link)
    status, reply = api.call("GET", f"{parts.path.removeprefix('/api/')}?{parts.query}")
    assert status == 200
    return reply


def first(api, group: dict, **more) -> dict:
    return api.get("tenancy/tenants/", group=group["slug"], cursor=0, **more)[1]


def test_the_links_lead_through_every_row_in_the_order_of_ids(api, group):
    found, reply = [], first(api, group, limit=2)
    while True:
        assert reply["count"] == 5 and reply["previous"] is None
        found += [each["id"] for each in reply["results"]]
        if not reply["next"]:
            break
        reply = page(api, reply["next"])
    assert len(found) == 5 and found == sorted(found)


def test_a_row_that_moves_in_the_order_of_names_or_goes_hides_no_other(api, group):
    reply = first(api, group, limit=2)
    seen = reply["results"]
    api.patch(f"tenancy/tenants/{seen[0]['id']}/", {"name": f"z {uuid4().hex[:12]}"})
    api.delete(f"tenancy/tenants/{seen[1]['id']}/")
    following = page(api, reply["next"])
    assert [each["name"][0] for each in following["results"]] == ["c", "b"]


def test_a_page_that_holds_all_has_no_next(api, group):
    for limit in (0, 5):
        reply = first(api, group, limit=limit)
        assert (len(reply["results"]), reply["next"]) == (5, None)


def test_who_asked_by_offset_gets_links_by_offset(api, group):
    reply = api.get("tenancy/tenants/", group=group["slug"], limit=2)[1]
    assert "offset=2" in reply["next"] and "cursor" not in reply["next"]


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "99999999999"])
def test_what_is_no_cursor_is_refused(api, cursor):
    status, reply = api.get("tenancy/tenants/", cursor=cursor)
    assert (status, set(reply)) == (400, {"cursor"})
