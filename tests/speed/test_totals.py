"""The number of rows that is kept is the number of rows there are, whatever removed or added them."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from sqlalchemy import create_engine, text

from tests.client import Client


def counted(stack) -> tuple[int, int]:
    """The kept and the real number of regions."""
    engine = create_engine(stack.database_url("dcim"))
    with engine.connect() as connection:
        kept = connection.scalar(text("SELECT sum(difference) FROM row_tally WHERE label = 'dcim.region'"))
        real = connection.scalar(text("SELECT count(*) FROM dcim_region"))
    engine.dispose()
    return kept or 0, real


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
