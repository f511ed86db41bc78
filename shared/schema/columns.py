"""Columns, each with the marshmallow field that reads and shows it: one attribute, declared once.

Every helper returns a SQLAlchemy column whose `info["field"]` is the field of the API. An attribute `region_id` made by
`reference` appears in the API as `region`.
"""

import datetime
from collections.abc import Callable
from typing import Any, Literal, overload

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    SmallInteger,
    String,
    Text,
    func,
)
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column
from sqlalchemy.types import TypeEngine

from shared.schema import fields, parsing, text_fields
from shared.schema.attributes import computed as computed
from shared.schema.attributes import no_tags as no_tags
from shared.schema.attributes import references as references
from shared.schema.attributes import transient as transient
from shared.schema.fields import V

PROTECT, CASCADE, SET_NULL = "PROTECT", "CASCADE", "SET NULL"
SMALL_MAX = 32767

ColumnType = TypeEngine[Any] | type[TypeEngine[Any]]


def column(type_: ColumnType, field: fields.Field, *, default: Any = None, **kwargs: Any) -> MappedColumn[Any]:
    """A column of any type with its API field; required unless it may be null or has a default.

    The database has the default, too: a migration that adds the column fills the rows that are there, and the release
    before it, which does not know the column, can still insert.
    """
    nullable = bool(field.allow_none)
    field.required = not nullable and default is None and not field.dump_only
    if isinstance(default, (bool, int)):
        field.metadata = {**field.metadata, "default": default}
    if isinstance(default, (bool, int, str)):
        kwargs.setdefault("server_default", str(default).lower() if isinstance(default, bool) else str(default))
    return mapped_column(type_, nullable=nullable, default=default, info={"field": field}, **kwargs)


@overload
def text(length: int, *, null: Literal[True], **kwargs: Any) -> MappedColumn[str | None]: ...
@overload
def text(length: int, *, null: Literal[False] = ..., **kwargs: Any) -> MappedColumn[str]: ...
def text(
    length: int, *, blank: bool = False, null: bool = False, field: type[fields.Text] = fields.Text, **kwargs: Any
) -> MappedColumn[Any]:
    """Text of at most `length` characters; `blank` text is optional and stored as `""`, `null` as NULL."""
    made = field(length, blank=blank or null, allow_none=null)
    return column(String(length), made, default="" if blank else None, **kwargs)


def long_text(**kwargs: Any) -> MappedColumn[str]:
    return column(Text, fields.Text(blank=True), default="", **kwargs)


def slug(**kwargs: Any) -> MappedColumn[str]:
    return text(50, field=text_fields.Slug, **{"unique": True, **kwargs})


def color(**kwargs: Any) -> MappedColumn[str]:
    return text(6, field=text_fields.Color, **kwargs)


def url(length: int = 200, **kwargs: Any) -> MappedColumn[str]:
    return text(length, blank=True, field=text_fields.URL, **kwargs)


def email(**kwargs: Any) -> MappedColumn[str]:
    return text(254, blank=True, field=text_fields.Email, **kwargs)


def time_zone(**kwargs: Any) -> MappedColumn[str | None]:
    return text(63, null=True, field=text_fields.TimeZone, **kwargs)


@overload
def integer(
    minimum: int = ..., maximum: int = ..., *, null: Literal[True], **kwargs: Any
) -> MappedColumn[int | None]: ...
@overload
def integer(minimum: int = ..., maximum: int = ..., *, null: Literal[False] = ..., **kw: Any) -> MappedColumn[int]: ...
def integer(
    minimum: int = 0, maximum: int = parsing.MAX_INTEGER, *, null: bool = False, default: Any = None, **kwargs: Any
) -> MappedColumn[Any]:
    type_ = SmallInteger if maximum <= SMALL_MAX else Integer if maximum <= parsing.MAX_INTEGER else BigInteger
    return column(type_, fields.Integer(minimum, maximum, allow_none=null), default=default, **kwargs)


def boolean(default: bool | None = None, **kwargs: Any) -> MappedColumn[bool]:
    return column(Boolean, fields.Boolean(), default=default, **kwargs)


@overload
def date(*, null: Literal[True], **kwargs: Any) -> MappedColumn[datetime.date | None]: ...
@overload
def date(*, null: Literal[False] = ..., **kwargs: Any) -> MappedColumn[datetime.date]: ...
def date(*, null: bool = False, **kwargs: Any) -> MappedColumn[Any]:
    return column(Date, fields.Date(allow_none=null), **kwargs)


@overload
def date_time(*, null: Literal[True], **kwargs: Any) -> MappedColumn[datetime.datetime | None]: ...
@overload
def date_time(*, null: Literal[False] = ..., **kwargs: Any) -> MappedColumn[datetime.datetime]: ...
def date_time(*, null: bool = False, automatic: bool = False, **kwargs: Any) -> MappedColumn[Any]:
    """A point in time; an `automatic` one is read only."""
    return column(DateTime(timezone=True), fields.DateTime(allow_none=null, dump_only=automatic), **kwargs)


@overload
def choice(choices: fields.Choices[V], *, null: Literal[True], **kwargs: Any) -> MappedColumn[V | None]: ...
@overload
def choice(choices: fields.Choices[V], *, null: Literal[False] = ..., **kwargs: Any) -> MappedColumn[V]: ...
def choice(
    choices: fields.Choices[Any],
    *,
    type_: ColumnType = SmallInteger,
    null: bool = False,
    blank: bool = False,
    listed: bool = True,
    default: Any = None,
    field: type[fields.Choice] = fields.Choice,
    **kwargs: Any,
) -> MappedColumn[Any]:
    """One of a table of (value, label); `field=RawChoice` is read as the bare value.

    A `blank` choice may be `""`; one that is not `listed` is missing from `_choices`.
    """
    made = field(choices, blank=blank, allow_none=null, metadata={"unlisted": not listed})
    return column(type_, made, default="" if blank else default, **kwargs)


@overload
def reference(target: str, *, on_delete: str, null: Literal[True], **kwargs: Any) -> MappedColumn[int | None]: ...
@overload
def reference(target: str, *, on_delete: str, null: Literal[False] = ..., **kwargs: Any) -> MappedColumn[int]: ...
def reference(
    target: str,
    *,
    on_delete: str,
    null: bool = False,
    unique: bool = False,
    circular: bool = False,
    counted: bool = False,
    required: bool | None = None,
    nested: tuple[str, ...] | None = None,
    field: type[fields.Reference] = fields.Reference,
    **kwargs: Any,
) -> MappedColumn[Any]:
    """The id of a `target` (`"tenancy.tenant"`): a real foreign key, to its table or to the replica of it.

    `nested` are the names shown in the nested face where they differ from those the target declares;
    `field=RawReference` is read as the bare id. Where two tables refer to each other, one reference is `circular`: its
    key is made when both tables are there. How many rows refer to an object is kept where the reference is `counted`
    (shared/db/row_counts.py).
    """
    action = None if on_delete == PROTECT else on_delete
    key = ForeignKey(f"{target.replace('.', '_')}.id", ondelete=action, use_alter=circular)
    made = field(target, nested=nested, allow_none=null)
    made.required = not null if required is None else required
    info = {"field": made, "counted": counted}
    return mapped_column(Integer, key, nullable=null, unique=unique, info=info, **kwargs)


class Tracked:
    """When the object was created, and when it was last changed."""

    created: Mapped[datetime.date] = mapped_column(
        Date, server_default=func.current_date(), info={"field": fields.Date(dump_only=True)}
    )
    last_updated: Mapped[datetime.datetime] = mapped_column(
        DateTime(timezone=True),
        server_default=func.clock_timestamp(),
        onupdate=func.clock_timestamp(),
        info={"field": fields.DateTime(dump_only=True)},
    )


def sort_key(source: str, key: Callable[[Any], str | None]) -> MappedColumn[str | None]:
    """A stored text whose plain byte order is the order that `key` gives to the column `source`."""
    return mapped_column(
        Text(collation="C"),
        default=lambda context: key(context.get_current_parameters()[source]),
        info={"sort_key": (source, key)},
    )
