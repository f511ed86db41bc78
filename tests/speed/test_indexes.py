"""Every filter of every list finds its rows by an index, also those that no declaration names."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, False_, create_engine, select, text

from shared.config import APPS
from shared.migrations import declared
from shared.query.filter_base import Condition, Filter

LISTS = {f"{each.app}/{each.path}": (app, each) for app in APPS for each in declared(app)[1]}
# A value of each sort; a filter takes the first that means something to it.
VALUES = ("7", "true", "2018-04-01", "10.0.0.0/8", "02:00:00:00:00:07", "physical", "x")
# What no index can serve: texts that are contained, and conditions that half of a table meets or more.
WITHOUT = {"q", "type", "action", "requested", "wait"}


@pytest.mark.parametrize("name", LISTS)
def test_a_filter_reads_an_index(stack, name):
    app, resource = LISTS[name]
    table = resource.model.__tablename__
    engine = create_engine(stack.database_url(app))
    with engine.connect() as connection:
        connection.execute(text("SET enable_seqscan = off"))  # the tables are too small for it to pay by itself
        walked = {
            parameter: scan
            for parameter, made in resource.filter_table.items()
            if parameter not in WITHOUT
            for scan in _scans(_plan(connection, resource.model, _condition(made)))
            if scan.get("Relation Name") == table and not _by_index(scan)
        }
    engine.dispose()
    assert walked == {}


def _condition(made: Filter) -> Condition:
    choices = getattr(made, "choices", ())
    for value in (*(str(value) for value, _ in choices), *VALUES):
        found = made.where([value])
        if found is not None and not isinstance(found, False_):
            return found
    raise AssertionError(f"no value means anything to {made.name}")


def _plan(connection: Connection, model: Any, condition: Condition) -> dict[str, Any]:
    statement = select(model.id).where(condition).compile(connection, compile_kwargs={"render_postcompile": True})
    sql = f"EXPLAIN (FORMAT JSON) {statement}"
    plan: dict[str, Any] = connection.exec_driver_sql(sql, statement.params).scalar_one()[0]["Plan"]
    return plan


def _scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _scans(below)


def _by_index(scan: dict[str, Any]) -> bool:
    return scan["Node Type"] == "Bitmap Heap Scan" or "Index Cond" in scan
