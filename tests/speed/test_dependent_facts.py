"""What follows from a change in other tables is looked for by an index, however much is in them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, text

from shared.config import APPS
from shared.migrations import declared
from tests.speed.plans import by_index, scans

# Of the table that is looked into, and of any other; a device has ten interfaces, an interface one address.
MANY, SOME = 20_000, 2_000
FOUND_BY = ("device_id", "virtual_machine_id", "interface_id", "device_type_id", "cluster_id")
RIPPLES = {
    f"{resource.model.label} by {ripple.label}, {n}": (app, resource.model.__tablename__, ripple.ids)
    for app in APPS
    for resource in declared(app)[1]
    for n, ripple in enumerate(resource.dependent_facts)
}


@pytest.fixture(params=RIPPLES)
def asked(request, stack) -> Iterator[tuple[Connection, str, str]]:
    """A connection that sees full tables of an app, the name of one, and what is asked of it for a changed row."""
    app, table, ids = RIPPLES[request.param]
    engine = create_engine(stack.database_url(app), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for each in {word for word in ids.split() if word.startswith(f"{app}_")}:
            _fill(connection, each, MANY if each == table else SOME)
        connection.execute(text("SET plan_cache_mode = force_generic_plan"))
        connection.execute(text("SET join_collapse_limit = 1"))
        yield connection, table, ids.replace("$1.id", "7")
    engine.dispose()


def _fill(connection: Connection, table: str, rows: int) -> None:
    connection.execute(text(f"CREATE TEMP TABLE {table} (LIKE public.{table} INCLUDING INDEXES)"))
    columns = connection.scalars(
        text("SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:table) AND attnum > 0"), {"table": table}
    ).all()
    for name in set(columns) - {"id"}:
        connection.execute(text(f"ALTER TABLE {table} ALTER {name} DROP NOT NULL"))
    filled = [name for name in FOUND_BY if name in columns]
    values = "".join(f", 1 + n % {SOME}" for _ in filled)
    listed = "".join(f", {name}" for name in filled)
    # What nothing is in, as chassis in most inventories, misleads the planner most.
    rows = rows if filled else 0
    connection.execute(text(f"INSERT INTO {table} (id{listed}) SELECT n{values} FROM generate_series(1, {rows}) AS n"))
    connection.execute(text(f"VACUUM ANALYZE {table}"))


def test_what_depends_on_a_row_is_found_by_an_index(asked):
    connection, table, ids = asked
    plan = connection.scalars(text(f"EXPLAIN (FORMAT JSON) SELECT array({ids})")).one()[0]["Plan"]
    found = [each for each in scans(plan) if each.get("Relation Name") == table]
    assert found and [each for each in found if not by_index(each)] == []
