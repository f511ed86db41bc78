"""JSON that PostgreSQL writes as plain text: concatenating texts takes it less time than json_build_object does."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Integer,
    Null,
    Text,
    TypeCoerce,
    case,
    cast,
    func,
    literal,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute

NULL = "null"


class Written(Text):
    """The type of a text that is JSON already."""


def value_of(value: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """The JSON text of `value`, whatever its type; never NULL."""
    if isinstance(value, Null):
        return type_coerce(literal(NULL), Written())
    if isinstance(value, TypeCoerce) and isinstance(value.type, Written):
        return value
    speaks_json = isinstance(value.type, (Written, Integer, Boolean, JSON))
    text = cast(value if speaks_json else func.to_json(value), Text)
    return type_coerce(func.coalesce(text, NULL) if getattr(value, "nullable", True) else text, Written())


def object_of(members: Mapping[str, ColumnElement[Any] | InstrumentedAttribute[Any]]) -> ColumnElement[Any]:
    """The JSON text of an object of at least one member."""
    pieces: list[ColumnElement[Any]] = []
    for name, value in members.items():
        pieces += [literal(f'{"," if pieces else "{"}"{name}":'), value_of(value)]
    return type_coerce(_joined([*pieces, literal("}")]), Written())


def object_if(key: ColumnElement[Any] | InstrumentedAttribute[Any], face: ColumnElement[Any]) -> ColumnElement[Any]:
    """`face`, or null where `key` is NULL."""
    return type_coerce(case((key.is_(None), NULL), else_=face), Written())


def list_of(face: ColumnElement[Any], order: list[Any]) -> ColumnElement[Any]:
    """The JSON text of the list of every `face`, as an aggregate; `[]` when there is none."""
    listed = literal("[") + func.string_agg(face, aggregate_order_by(literal(","), *order)) + "]"
    return type_coerce(func.coalesce(listed, "[]"), Written())


def _joined(pieces: list[ColumnElement[Any]]) -> ColumnElement[Any]:
    """The pieces in a row. Halves are joined first: from left to right, each step would copy all that is there."""
    if len(pieces) == 1:
        return pieces[0]
    middle = len(pieces) // 2
    return _joined(pieces[:middle]).op("||")(_joined(pieces[middle:]))
