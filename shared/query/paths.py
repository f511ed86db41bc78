"""Paths: what a chain of references leads to, as conditions on where it starts.

A path is a tuple of names of references (`("rack", "group")`: the group of the rack), or steps `Back` along one.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, ScalarSelect, Select, any_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from shared.schema.models import Attribute, Record


@dataclass(frozen=True)
class Back:
    """A step of a path against the direction of a reference: to the `label`s whose `name` refers to this object."""

    label: str
    name: str


Path = tuple[str | Back, ...]
# The objects that a filter names: a subquery of their ids, or the one id.
Ids = Select[int] | CompoundSelect[int] | ScalarSelect[int]


def target_of(model: type[Record], path: Path) -> type[Record]:
    """The model at the end of `path` from `model`."""
    for step in path:
        model = model.model_of(step.label if isinstance(step, Back) else model.attributes[step].field.target)
    return model


def among(column: ColumnElement[Any] | InstrumentedAttribute[Any], ids: Ids) -> ColumnElement[bool]:
    """Whether `column` is one of the subquery `ids`, or the one id of a scalar subquery.

    Several are found first, as an array: `IN` would be planned as a join, and joins run in the order they are written.
    For a single id, an index has the rows in the order of the list.
    """
    return column == (ids if isinstance(ids, ScalarSelect) else any_(func.array(ids.scalar_subquery())))


def reach(model: type[Record], path: Path, ids: Ids | None) -> ColumnElement[bool]:
    """The condition on `model` that what `path` leads to is among `ids`, or, with None, is not there."""
    if isinstance(path[0], Back):
        return _reach_back(model, path[0], path[1:], ids)
    attribute = model.attributes[path[0]]
    if attribute.is_list:
        return _reach_list(model, attribute, ids)
    column: InstrumentedAttribute[Any] = getattr(model, attribute.column)
    if len(path) == 1:
        return column.is_(None) if ids is None else among(column, ids)
    next_model = model.model_of(attribute.field.target)
    beyond = among(column, select(next_model.id).where(reach(next_model, path[1:], ids)))
    return or_(column.is_(None), beyond) if ids is None else beyond


def _reach_back(model: type[Record], step: Back, rest: Path, ids: Ids | None) -> ColumnElement[bool]:
    source: type[Record] = model.model_of(step.label)
    key = getattr(source, source.attributes[step.name].column)
    beyond = among(model.id, select(key).where(reach(source, rest, ids)))
    return or_(model.id.not_in(select(key)), beyond) if ids is None else beyond


def _reach_list(model: type[Record], attribute: Attribute, ids: Ids | None) -> ColumnElement[bool]:
    table = getattr(model, attribute.name).property.secondary
    owners = select(table.c.owner_id)
    return model.id.not_in(owners) if ids is None else among(model.id, owners.where(among(table.c.target_id, ids)))
