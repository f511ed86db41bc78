"""The order of a list: names of attributes, through references where dotted, and the id to break ties."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from sqlalchemy import Column, ColumnElement
from sqlalchemy.orm import aliased

from shared.db.prepared import AnySelect
from shared.schema.models import Attribute, Record


class Ordering:
    """`names` as in `Resource.order`; `-name` descends, `name?` puts nulls first (elsewhere they come last)."""

    def __init__(self, model: type[Record], names: tuple[str, ...]) -> None:
        self.model, self.names = model, names

    @property
    def halves(self) -> bool:
        """Whether the rows whose first reference is null come after all others: these can be had by an index."""
        first = self.names[0] if self.names else ""
        steps = self._steps(tuple(first.split(".")[:-1])) if first.strip("-?") == first else ()
        return any(step.field.allow_none for _, step in steps)

    def apply(
        self, statement: AnySelect, instead: tuple[ColumnElement[Any], ...] = (), half: bool = False
    ) -> AnySelect:
        """`statement` over the model, ordered; by the expressions `instead`, if there are any.

        With `half` only the rows that come first in an order that `halves`.
        """
        if instead:
            return statement.order_by(*instead, self.model.id)
        joined: dict[tuple[str, ...], type[Record]] = {(): self.model}
        keys = []
        for name in self.names:
            *path, last = name.strip("-?").split(".")
            statement = self._follow(statement, joined, tuple(path), half and name == self.names[0])
            keys.append(_key(name, getattr(joined[tuple(path)], last)))
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


def _key(name: str, column: Column[Any]) -> ColumnElement[Any]:
    key: ColumnElement[Any] = column.desc() if name.startswith("-") else column
    return key.nulls_first() if name.endswith("?") else key
