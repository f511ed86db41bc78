"""The order of a list: names of attributes, through references where dotted, and the id to break ties."""

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Any

from sqlalchemy import ARRAY, JSON, Column, ColumnElement
from sqlalchemy.orm import aliased

from shared.db.prepared import AnySelect
from shared.http.errors import BadRequest
from shared.query.paths import target_of
from shared.query.refusals import unknown
from shared.query.shapes import Narrowing, expressions
from shared.schema import fields
from shared.schema.models import Attribute, Record

PARAMETER = "ordering"
MOST_NAMES = 8


class Ordering:
    """`names` as in `Resource.order`; `-name` descends, `name?` puts nulls first (elsewhere they come last).

    With `expressions` it is the order of these instead.
    """

    def __init__(self, model: type[Record], names: tuple[str, ...], expressions: tuple[Narrowing, ...] = ()) -> None:
        self.model, self.names, self.expressions = model, names, expressions

    @property
    def halves(self) -> bool:
        """Whether the rows whose first key is null, as no reference leads there, come last: others have an index."""
        first = self.names[0] if self.names else ""
        steps = self._steps(tuple(first.split(".")[:-1])) if first.strip("-?") == first else ()
        return any(step.field.allow_none for _, step in steps)

    def apply(self, statement: AnySelect, half: bool = False) -> AnySelect:
        """`statement` over the model, ordered; with `half` only the rows that come first in an order that `halves`."""
        if self.expressions:
            return statement.order_by(*expressions(self.expressions), self.model.id)
        joined: dict[tuple[str, ...], type[Record]] = {(): self.model}
        keys = []
        for name in self.names:
            *path, last = name.strip("-?").split(".")
            first = half and name == self.names[0]
            statement = self._follow(statement, joined, tuple(path), first)
            value = self._value(joined[tuple(path)], tuple(path), last)
            # What is referred to may have no name either: its rows are not in the first half, but among the last.
            statement = statement.where(value.is_not(None)) if first else statement
            keys.append(_key(name, value))
        return statement.order_by(*keys, self.model.id)

    def _follow(
        self, statement: AnySelect, joined: dict[tuple[str, ...], type[Record]], path: tuple[str, ...], inner: bool
    ) -> AnySelect:
        """Join what `path` leads to, once; an inner join lets the planner walk the index of the other table."""
        if path in joined:
            return statement
        statement = self._follow(statement, joined, path[:-1], inner)
        *_, (model, attribute) = self._steps(path)
        joined[path] = aliased(model.model_of(attribute.field.target))
        key = getattr(joined[path[:-1]], attribute.column)
        optional = not inner and any(step.field.allow_none for _, step in self._steps(path))
        if optional:
            return statement.join(joined[path], key == joined[path].id, isouter=True)
        # No JOIN: those run in the order they are written (shared/db/database.py), and a filter may start better.
        return statement.where(key == joined[path].id)

    def _value(self, entity: type[Record], path: tuple[str, ...], name: str) -> ColumnElement[Any]:
        """The column or computed attribute `name` of `entity`, an alias of what `path` leads to."""
        attribute = target_of(self.model, path).attributes.get(name)
        value: ColumnElement[Any] = (
            attribute.expression(entity) if attribute and attribute.expression else getattr(entity, name)
        )
        return value

    def _steps(self, path: tuple[str, ...]) -> Iterator[tuple[type[Record], Attribute]]:
        """The (model, attribute) of each reference along `path`."""
        model = self.model
        for name in path:
            attribute = model.attributes[name]
            yield model, attribute
            model = model.model_of(attribute.field.target)

    def own_keys(self) -> dict[Column[Any], ColumnElement[Any]]:
        """The keys that the order starts with, as far as they are columns of the model's own table."""
        keys: dict[Column[Any], ColumnElement[Any]] = {}
        for name in takewhile(lambda name: "." not in name, self.names):
            column = self.model.__table__.columns[name.strip("-?")]
            keys[column] = _key(name, column)
        return keys


def _key(name: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
    key: ColumnElement[Any] = column.desc() if name.startswith("-") else column
    return key.nulls_first() if name.endswith("?") else key


def requested(model: type[Record], given: list[str]) -> Ordering | None:
    """The order that the values `given` of the parameter name; None when they are blank.

    A name of a reference means what its objects are called. Raises BadRequest for what has no order.
    """
    names = [name.strip() for text in given for name in text.split(",") if name.strip()]
    if len(names) > MOST_NAMES:
        raise BadRequest({PARAMETER: [f"At most {MOST_NAMES} attributes can be named."]})
    return Ordering(model, tuple(dict.fromkeys(_resolved(model, name) for name in names))) if names else None


def _resolved(model: type[Record], name: str) -> str:
    """`-site.name` as columns: a name that is sorted naturally has a column for it. Raises BadRequest."""
    *path, last = name.lstrip("-").replace("__", ".").split(".")
    for place, step in enumerate(path):
        attribute = model.attributes.get(step)
        if attribute is None or not attribute.is_reference:
            raise unknown(PARAMETER, name, "attribute that has an order", _below(path[:place], model))
        model = model.model_of(attribute.field.target)
    found = model.attributes.get(last)
    if found is None or not _is_ordered(model, found):
        raise unknown(PARAMETER, name, "attribute that has an order", _below(path, model))
    if found.is_reference:
        path.append(last)
        model = model.model_of(found.field.target)
        found = _called(model)
    return ("-" if name.startswith("-") else "") + ".".join((*path, _sorted_by(model, found)))


def ordered(model: type[Record]) -> list[str]:
    """The attributes of `model` that its list can be ordered by."""
    return [name for name, each in model.attributes.items() if _is_ordered(model, each)]


def _below(path: list[str], model: type[Record]) -> Iterable[str]:
    """What `model`, found at `path`, can be ordered by."""
    return (".".join((*path, name)) for name in ordered(model))


def _is_ordered(model: type[Record], attribute: Attribute) -> bool:
    """Whether the values of an attribute can be ordered."""
    if not attribute.readable or isinstance(attribute.field, (fields.Json, fields.References)):
        return False
    column = model.__table__.columns.get(attribute.column)
    if column is None:  # what is computed in two steps, as a plaintext is, has no order that SQL knows
        return bool(attribute.expression) and not attribute.writable
    return not isinstance(column.type, (JSON, ARRAY))


def _called(model: type[Record]) -> Attribute:
    """The attribute that objects of `model` are called by, else their id."""
    shown = (model.attributes[name] for name in (*model.nested, model.key) if name in model.attributes)
    unfit = (fields.Reference, fields.Choice, fields.Integer)
    found = (each for each in shown if _is_ordered(model, each) and not isinstance(each.field, unfit))
    return next(found, model.attributes["id"])


def _sorted_by(model: type[Record], attribute: Attribute) -> str:
    """The column that `attribute` is sorted by."""
    if attribute.expression:
        return attribute.name
    keys = (column.name for column in model.__table__.columns if _source(column) == attribute.column)
    return next(keys, attribute.column)


def _source(column: Column[Any]) -> str | None:
    """What a sort key is the key of."""
    source: str | None = column.info.get("sort_key", (None,))[0]
    return source
