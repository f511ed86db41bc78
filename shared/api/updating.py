"""Changed rows, saved by one statement for each set of columns that changed, where a flush sends one for each row."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Column, String, Text, Update, cast, func, inspect, literal, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from shared.schema.models import Record, set_sort_keys


def save(session: Session, model: type[Record], objects: Iterable[Any], *, touch: bool = False) -> None:
    """Save the columns of `objects`, stored rows of `model`, that have changed; their lists are left to a flush.

    With `touch`, `last_updated` is set of those in which nothing has changed, too, as NetBox does.
    """
    together: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    for each in objects:
        together[_changed(model, each)].append(each)
    touched = touch and any(column.onupdate is not None for column in model.__table__.columns)
    for names, some in together.items():
        if names or touched:
            _save(session, model, names, some)
        _settle(session, model, some)


def _changed(model: type[Record], row: Any) -> tuple[str, ...]:
    """The columns of a row that differ from what is stored."""
    state = inspect(row)
    if not state.committed_state:
        return ()
    set_sort_keys(row, state.committed_state)
    return tuple(name for name in _columns(model) if name in state.committed_state and _differs(state, name))


def _differs(state: Any, name: str) -> bool:
    return bool(state.attrs[name].history.has_changes())


def _settle(session: Session, model: type[Record], rows: list[Any]) -> None:
    """Have flushes pass over rows whose lists are as they were: to look at a row costs as much as to save it."""
    for row in rows:
        state = inspect(row)
        if state.committed_state.keys() <= _columns(model).keys():
            state._commit_all(state.dict, session.identity_map)


@cache
def _columns(model: type[Record]) -> dict[str, None]:
    return dict.fromkeys(each.key for each in model.__mapper__.column_attrs)


@cache
def _made_by_database(model: type[Record]) -> tuple[Column[Any], ...]:
    """The columns that the database gives another value with every update."""
    return tuple(each for each in model.__table__.columns if each.onupdate is not None or each.server_onupdate)


def _save(session: Session, model: type[Record], names: tuple[str, ...], rows: list[Any]) -> None:
    table = model.__table__
    if len(rows) == 1 or any(isinstance(table.columns[name].type, ARRAY) for name in names):
        for row in rows:
            values = {name: getattr(row, name) for name in names}
            _run(session, model, update(model).where(model.id == row.id).values(values), [row])
    else:
        lists = [_list(table.columns[name], rows) for name in ("id", *names)]
        given = func.unnest(*lists).table_valued("id", *names, name="given").render_derived()
        values = {name: given.c[name] for name in names}
        _run(session, model, update(model).where(model.id == given.c.id).values(values), rows)
    for row in rows:
        for name in names:
            set_committed_value(row, name, getattr(row, name))


def _list(column: Column[Any], rows: list[Any]) -> Any:
    """The values of `column` as one parameter; a text that is too long is still refused, not cut."""
    kind = ARRAY(Text() if isinstance(column.type, String) else column.type)
    return cast(literal([getattr(row, column.name) for row in rows], kind), kind)


def _run(session: Session, model: type[Record], statement: Update, rows: list[Any]) -> None:
    made = _made_by_database(model)
    told = statement.returning(model.id, *made) if made else statement
    result = session.execute(told, execution_options={"synchronize_session": False})
    values = {found[0]: found[1:] for found in result} if made else {}
    for row in rows:
        for column, value in zip(made, values.get(row.id, ()), strict=False):
            set_committed_value(row, column.name, value)
