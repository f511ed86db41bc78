"""What a request says of custom fields: the values of a write, the filters of a list."""

from collections import namedtuple
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import ColumnElement, Connection, Table, select
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.custom_fields import types
from shared.custom_fields.column import LABEL
from shared.db import prepared
from shared.query import lookup_expressions
from shared.query.date_filters import DateFilter
from shared.query.filter_base import FEW_VALUES, NULL, AnyColumn, ColumnFilter, Filter
from shared.query.filters import FALSE, TRUE, NumberFilter, TextFilter, escape_like
from shared.references import full_replicas
from shared.schema import fields
from shared.schema.changes import Change
from shared.schema.models import Record

PREFIX = "cf_"


def check(session: Session, model: type[Record], changes: list[Change]) -> None:
    """Check the values that were sent, and put them by the id of their field into `change.values`.

    An object is created with the defaults of the fields that were not sent, and with all that are required.
    """
    if "custom_fields" not in model.attributes:
        return
    full_replicas.require(model)
    every = definitions(session.connection(), model)
    own = [each for each in every if model.label in each.obj_type]
    by_id = {str(each.id): each for each in every}
    by_name = {each.name: each for each in own}
    if any(change.values.get("custom_fields", {}).keys() - by_name.keys() for change in changes):
        full_replicas.ask_again(model, LABEL)
    for change in changes:
        change.object.custom_field_definitions = own
        if "custom_fields" in change.errors:
            continue
        sent = _changed(change, by_name)
        kept = {str(by_name[name].id): _read(change, by_name[name], sent[name]) for name in sent if name in by_name}
        for name in sent.keys() - by_name.keys():
            change.fail(f'There is no custom field "{name}" for {model.label}.', "custom_fields")
        if change.creating:
            kept |= {str(each.id): _absent(change, each) for each in own if each.name not in sent}
        change.values["custom_fields"] = _deleted(change.object.custom_fields or {}, by_id) | kept


def _changed(change: Change, by_name: dict[str, Any]) -> JsonObject:
    """The values that were sent, but for null where null is shown already: what is kept there stays."""
    sent, stored = change.values.get("custom_fields", {}), change.object.custom_fields or {}
    if change.creating:
        return dict(sent)
    empty = {name for name, each in by_name.items() if types.shown(each, stored.get(str(each.id))) is None}
    return {name: value for name, value in sent.items() if value is not None or name not in empty}


def definitions(connection: Connection, model: type[Record]) -> Sequence[Any]:
    """A row for every definition, of other types too, in the order in which they are shown."""
    table = model.model_of(LABEL).__table__
    return list(map(_row(table)._make, prepared.execute(connection, "custom_fields", _statement(table), ())))


def assigned(connection: Connection, model: type[Record]) -> list[Any]:
    """Those that objects of `model` have."""
    return [each for each in definitions(connection, model) if model.label in each.obj_type]


@cache
def _row(table: Table) -> Any:
    """The type of a row of `table`, with its columns as attributes."""
    return namedtuple(table.name, table.columns.keys())


@cache
def _statement(table: Table) -> str:
    return prepared.sql(select(table).order_by(table.c.weight, table.c.name))


def _deleted(stored: JsonObject, by_id: JsonObject) -> dict[str, None]:
    """What takes away the stored values whose field or choice was deleted."""
    return {pk: None for pk, value in stored.items() if not types.exists(by_id.get(pk), value)}


def _read(change: Change, definition: Any, value: Any) -> Any:
    try:
        kept = types.parse(definition, value)
    except ValidationError as error:
        change.fail(f"{definition.name}: {error.messages[0]}", "custom_fields")
        return None
    if kept is None and definition.required:
        change.fail(f"{definition.name}: {fields.REQUIRED}", "custom_fields")
    return kept


def _absent(change: Change, definition: Any) -> Any:
    """The value of a field that was not sent for a new object."""
    try:
        value = types.parse_default(definition)
    except ValidationError:
        value = None
    if value is None and definition.required:
        change.fail(f"{definition.name}: {fields.REQUIRED}", "custom_fields")
    return value


def filters(connection: Connection, model: type[Any], names: set[str]) -> dict[str, Filter]:
    """The filters `cf_<name>` and `cf_<name>__<expression>` among the parameters `names`.

    A field with filtering disabled has none.
    """
    asked = [name for name in names if name.startswith(PREFIX)]
    if "custom_fields" not in model.attributes or not asked:
        return {}
    own = assigned(connection, model)
    usable = {PREFIX + each.name: each for each in own if each.filter_logic != types.DISABLED}
    made = {name: _named(model.custom_fields, usable, name) for name in asked}
    return {name: each for name, each in made.items() if each}


def _named(column: Any, usable: JsonObject, parameter: str) -> Filter | None:
    if parameter in usable:
        return _filter(column, usable[parameter])
    name, _, expression = parameter.rpartition("__")
    definition = usable.get(name)
    if definition is None:
        return None
    if expression == lookup_expressions.NOT:
        return lookup_expressions.made(parameter, _filter(column, definition), expression)
    kind = _KINDS.get(definition.type, _Word)
    return lookup_expressions.made(parameter, kind(name, types.value_sql(column, definition)), expression)


class _Word(ColumnFilter):
    """One of a few words, which have no order and no parts."""

    def __init__(self, name: str, column: AnyColumn) -> None:
        super().__init__(name, column, str)


_KINDS: dict[int, Callable[[str, AnyColumn], Filter]] = {
    types.TEXT_TYPE: TextFilter,
    types.URL: TextFilter,
    types.INTEGER: NumberFilter,
    types.DATE: DateFilter,
}


def _filter(column: Any, definition: Any) -> Filter:
    def condition(text: str) -> ColumnElement[bool] | None:
        if definition.type == types.BOOLEAN:
            if text.lower() not in TRUE | FALSE:
                return None
            text = "true" if text.lower() in TRUE else "false"
        elif definition.type == types.SELECTION:
            if text == "0" or text.lower() == NULL:
                return types.without_value_sql(column, definition)
            if text not in definition.choices:
                return None
        elif definition.filter_logic == types.LOOSE:
            return types.contains_sql(column, definition, f"%{escape_like(text)}%")
        return types.equal_sql(column, definition, text)

    made = Filter(PREFIX + definition.name, condition)
    if definition.type not in (types.BOOLEAN, types.SELECTION) and definition.filter_logic == types.LOOSE:
        made.most_values, made.searches = FEW_VALUES, True
    return made
