"""Every filter of every list finds its rows by an index, also those that no declaration names."""

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import Connection, False_, create_engine, inspect, select, text

from shared.config import APPS
from shared.migrations import declared
from shared.query.filter_base import Condition, Filter
from tests.speed.plans import by_index, scans

LISTS = {f"{each.app}/{each.path}": (app, each) for app in APPS for each in declared(app)[1]}
# A value of each sort; a filter takes the first that means something to it.
VALUES = ("7", "true", "2018-04-01", "10.0.0.0/8", "02:00:00:00:00:07", "physical", "x")
# What no index can serve: texts that are contained, and conditions that half of a table meets or more.
WITHOUT = {"q", "type", "action", "requested", "wait"}


@pytest.fixture(scope="module")
def connections(stack) -> Iterator[Callable[[str], Connection]]:
    """Connections that see the tables of an app without a row, and without what anybody counted of them."""
    with ExitStack() as opened:

        @functools.cache
        def connect(app: str) -> Connection:
            engine = create_engine(stack.database_url(app))
            opened.callback(engine.dispose)
            connection = opened.enter_context(engine.connect())
            for table in inspect(connection).get_table_names():
                connection.execute(text(f"CREATE TEMP TABLE {table} (LIKE public.{table} INCLUDING ALL)"))
            # Such tables are too small for an index to pay by itself, or for a join by it.
            for other in ("seqscan", "hashjoin", "mergejoin"):
                connection.execute(text(f"SET enable_{other} = off"))
            return connection

        yield connect


@pytest.mark.parametrize("name", LISTS)
def test_a_filter_reads_an_index(connections, name):
    app, resource = LISTS[name]
    walked = {
        parameter: scan
        for parameter, made in resource.filter_table.items()
        if parameter not in WITHOUT
        for scan in _walks(connections(app), resource.model, _condition(made))
    }
    assert walked == {}


def _condition(made: Filter) -> Condition:
    choices = getattr(made, "choices", ())
    for value in (*(str(value) for value, _ in choices), *VALUES):
        found = made.where([value])
        if found is not None and not isinstance(found, False_):
            return found
    raise AssertionError(f"no value means anything to {made.name}")


def _walks(connection: Connection, model: Any, condition: Condition) -> list[dict[str, Any]]:
    """The scans of the table of `model` that read more than what the condition asks for.

    A partial index may be walked whole, as little as is in it; its place is given to the next best.
    """
    table = model.__tablename__
    found = [each for each in scans(_plan(connection, model, condition)) if each.get("Relation Name") == table]
    walks = [each for each in found if not by_index(each)]
    partial = next((each["Index Name"] for each in walks if _is_partial(connection, each.get("Index Name"))), None)
    if partial is None:
        return walks
    with connection.begin_nested() as hidden:
        connection.execute(text(f'DROP INDEX "{partial}"'))
        walks = _walks(connection, model, condition)
        hidden.rollback()
    return walks


def _is_partial(connection: Connection, index: str | None) -> bool:
    asked = text("SELECT indpred IS NOT NULL FROM pg_index WHERE indexrelid = to_regclass(:name)")
    return bool(index and connection.scalar(asked, {"name": index}))


def _plan(connection: Connection, model: Any, condition: Condition) -> dict[str, Any]:
    statement = select(model.id).where(condition).compile(connection, compile_kwargs={"render_postcompile": True})
    sql = f"EXPLAIN (FORMAT JSON) {statement}"
    plan: dict[str, Any] = connection.exec_driver_sql(sql, statement.params).scalar_one()[0]["Plan"]
    return plan
