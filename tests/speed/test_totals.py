"""The numbers of rows that are kept are the numbers of rows there are, whatever removed, added or moved them."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from shared.config import APPS
from shared.migrations import declared
from shared.tallies import tallies_of
from tests.client import Client
from tests.factories import Factory


def counted(stack) -> tuple[int, int]:
    """The kept and the real number of regions."""
    engine = create_engine(stack.database_url("dcim"))
    with engine.connect() as connection:
        kept = connection.scalar(text("SELECT sum(difference) FROM row_tally WHERE label = 'dcim.region'"))
        real = connection.scalar(text("SELECT count(*) FROM dcim_region"))
    engine.dispose()
    return kept or 0, real


def differences(stack, app: str) -> list[str]:
    """Every tally of a service that is not what counting gives."""
    engine = create_engine(stack.database_url("gateway" if app == "users" else app))
    with engine.connect() as connection:
        kept = {}
        for label, pk, number in connection.execute(
            text("SELECT label, object_id, sum(difference) FROM row_tally GROUP BY 1, 2 HAVING sum(difference) <> 0")
        ):
            kept.setdefault(label, {})[pk] = number
        wrong = []
        for model in {resource.model: None for resource in declared(app)[1]}:
            for label, key in tallies_of(model).items():
                rows = text(f"SELECT {key}, count(*) FROM {model.__tablename__} WHERE {key} IS NOT NULL GROUP BY 1")
                real = dict(connection.execute(rows).all())
                if real != kept.get(label, {}):
                    wrong.append(f"{label}: {kept.get(label)} kept, {real} counted")
    engine.dispose()
    return wrong


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
    kept, real = counted(stack)
    assert kept == real


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

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    kept, real = counted(stack)
    assert kept == real == api.get("dcim/regions/")[1]["count"]


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
    assert differences(stack, "ipam") == []


def counts(api, site: dict, role: dict) -> tuple[int, int]:
    """The prefixes at a site, which its read face and the list must agree on, and those of a role."""
    listed = api.get(f"ipam/prefixes/?site={site['slug']}&limit=1")[1]["count"]
    assert listed == api.get(f"dcim/sites/{site['id']}/")[1]["count_prefixes"]
    assert listed == api.get(f"ipam/prefixes/?site_id={site['id']}&limit=1")[1]["count"]
    return listed, api.get(f"ipam/prefixes/?role={role['slug']}&limit=1")[1]["count"]


@pytest.mark.parametrize("app", APPS)
def test_every_tally_is_what_counting_gives(stack, app):
    assert differences(stack, app) == []
