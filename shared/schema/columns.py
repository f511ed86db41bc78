"""Columns, each with the marshmallow field that reads and shows it: one attribute, declared once.

Every helper returns a SQLAlchemy column whose `info["field"]` is the field of the API. An attribute `region_id` made by
`reference` appears in the API as `region`.
"""

from collections.abc import Callable

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
    null,
)
from sqlalchemy.orm import MappedColumn, mapped_column

from shared.schema import fields, parsing, text_fields

PROTECT, CASCADE, SET_NULL = "PROTECT", "CASCADE", "SET NULL"
SMALL_MAX = 32767


def column(type_, field: fields.Field, *, default=None, **kwargs) -> MappedColumn:
    """A column of any type with its API field; required unless it may be null or has a default.

    The database has the default, too: a migration that adds the column fills the rows that are there, and the release
    before it, which does not know the column, can still insert.
    """
    nullable = bool(field.allow_none)
    field.required = not nullable and default is None and not field.dump_only
    if isinstance(default, (bool, int)):
        field.metadata["default"] = default
    if isinstance(default, (bool, int, str)):
        kwargs.setdefault("server_default", str(default).lower() if isinstance(default, bool) else str(default))
    return mapped_column(type_, nullable=nullable, default=default, info={"field": field}, **kwargs)


def text(length: int, *, blank=False, null=False, field=fields.Text, **kwargs) -> MappedColumn:
    """Text of at most `length` characters; `blank` text is optional and stored as `""`, `null` as NULL."""
    made = field(length, blank=blank or null, allow_none=null)
    return column(String(length), made, default="" if blank else None, **kwargs)


def long_text(**kwargs) -> MappedColumn:
    return column(Text, fields.Text(blank=True), default="", **kwargs)


def slug(**kwargs) -> MappedColumn:
    return text(50, field=text_fields.Slug, **{"unique": True, **kwargs})


def color(**kwargs) -> MappedColumn:
    return text(6, field=text_fields.Color, **kwargs)


def url(length: int = 200, **kwargs) -> MappedColumn:
    return text(length, blank=True, field=text_fields.URL, **kwargs)


def email(**kwargs) -> MappedColumn:
    return text(254, blank=True, field=text_fields.Email, **kwargs)


def time_zone(**kwargs) -> MappedColumn:
    return text(63, null=True, field=text_fields.TimeZone, **kwargs)


def integer(minimum=0, maximum=parsing.MAX_INTEGER, *, null=False, default=None, **kwargs) -> MappedColumn:
    type_ = SmallInteger if maximum <= SMALL_MAX else Integer if maximum <= parsing.MAX_INTEGER else BigInteger
    return column(type_, fields.Integer(minimum, maximum, allow_none=null), default=default, **kwargs)


def boolean(default: bool | None = None, **kwargs) -> MappedColumn:
    return column(Boolean, fields.Boolean(), default=default, **kwargs)


def date(*, null=False, **kwargs) -> MappedColumn:
    return column(Date, fields.Date(allow_none=null), **kwargs)


def date_time(*, null=False, automatic=False, **kwargs) -> MappedColumn:
    """A point in time; an `automatic` one is read only."""
    return column(DateTime(timezone=True), fields.DateTime(allow_none=null, dump_only=automatic), **kwargs)


def choice(
    choices, *, type_=SmallInteger, null=False, blank=False, listed=True, default=None, field=fields.Choice, **kwargs
) -> MappedColumn:
    """One of a table of (value, label); `field=RawChoice` is read as the bare value.

    A `blank` choice may be `""`; one that is not `listed` is missing from `_choices`.
    """
    made = field(choices, blank=blank, allow_none=null, metadata={"unlisted": not listed})
    return column(type_, made, default="" if blank else default, **kwargs)


def reference(
    target: str,
    *,
    on_delete: str,
    null=False,
    unique=False,
    circular=False,
    counted=False,
    required: bool | None = None,
    nested: tuple[str, ...] | None = None,
    field=fields.Reference,
    **kwargs,
) -> MappedColumn:
    """The id of a `target` (`"tenancy.tenant"`): a real foreign key, to its table or to the replica of it.

    `nested` are the names shown in the nested face where they differ from those the target declares;
    `field=RawReference` is read as the bare id. Where two tables refer to each other, one reference is `circular`: its
    key is made when both tables are there. How many rows refer to an object is kept where the reference is `counted`
    (shared/db/row_counts.py).
    """
    on_delete = None if on_delete == PROTECT else on_delete
    key = ForeignKey(f"{target.replace('.', '_')}.id", ondelete=on_delete, use_alter=circular)
    made = field(target, nested=nested, allow_none=null)
    made.required = not null if required is None else required
    info = {"field": made, "counted": counted}
    return mapped_column(Integer, key, nullable=null, unique=unique, info=info, **kwargs)


class references:  # noqa: N801 - reads like the column helpers beside it
    """A list of ids of `target`s, kept in an association table; entries vanish with either end."""

    def __init__(self, target: str, *, nested: tuple[str, ...] | None = None):
        self.field = fields.References(target, nested=nested)


class computed:  # noqa: N801 - reads like the column helpers beside it
    """A read-only attribute that SQL computes: `expression(entity)` for a model or an alias of it."""

    def __init__(self, field: fields.Field, expression: Callable):
        self.field, self.expression = field, expression
        field.dump_only = True

    def __get__(self, instance, owner):
        if instance is None:
            return self
        from shared.schema.representations import evaluated

        return evaluated(instance, self.expression)


class transient:  # noqa: N801 - reads like the column helpers beside it
    """An attribute of writes that no column keeps, because a rule stores something else made of it.

    The reply to a write has it as it was sent; the read face has `expression`, or nothing.
    """

    def __init__(self, field: fields.Field, expression: Callable | None = None, *, required: bool = False):
        self.field, self.expression = field, expression
        field.required = required

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner):
        return self if instance is None else instance.__dict__.get(self.name)

    def __set__(self, instance, value):
        instance.__dict__[self.name] = value


class absent(computed):  # noqa: N801 - reads like the column helpers beside it
    """An attribute of NetBox that nothing here can fill: null in every face."""

    def __init__(self):
        super().__init__(fields.Absent(allow_none=True), lambda entity: null())
        self.field.dump_only = False

    def __get__(self, instance, owner):
        return self if instance is None else None


class Tracked:
    """When the object was created, and when it was last changed."""

    created = mapped_column(
        Date, server_default=func.current_date(), nullable=False, info={"field": fields.Date(dump_only=True)}
    )
    last_updated = mapped_column(
        DateTime(timezone=True),
        server_default=func.clock_timestamp(),
        onupdate=func.clock_timestamp(),
        nullable=False,
        info={"field": fields.DateTime(dump_only=True)},
    )


def sort_key(source: str, key: Callable) -> MappedColumn:
    """A stored text whose plain byte order is the order that `key` gives to the column `source`."""
    return mapped_column(
        Text(collation="C"),
        default=lambda context: key(context.get_current_parameters()[source]),
        info={"sort_key": (source, key)},
    )
