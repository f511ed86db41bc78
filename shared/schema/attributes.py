"""Attributes of the API that are no column of their table: computed, lists, and what is only written."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import ColumnElement, literal_column

from shared import JsonObject
from shared.schema import fields

Expression = Callable[[Any], ColumnElement[Any]]  # of a model or an alias of it


class references:  # noqa: N801 - reads like the column helpers beside it
    """A list of ids of `target`s, kept in an association table; entries vanish with either end."""

    def __init__(self, target: str, *, nested: tuple[str, ...] | None = None) -> None:
        self.field = fields.References(target, nested=nested)

    if TYPE_CHECKING:  # the relationship takes its place when the class is mapped

        def __get__(self, instance: object, owner: type) -> Any: ...

        def __set__(self, instance: object, value: Any) -> None: ...


class computed:  # noqa: N801 - reads like the column helpers beside it
    """A read-only attribute that SQL computes: `expression(entity)` for a model or an alias of it."""

    def __init__(self, field: fields.Field, expression: Expression) -> None:
        self.field, self.expression = field, expression
        field.dump_only = True

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> Any:
        """The declaration; an object does not know its value. Raises AttributeError for one."""
        if instance is None:
            return self
        raise AttributeError(f"{self.name} is computed by SQL: ask shared.schema.computed_values for it")


class NoTags(fields.Json):
    """A list of tags with none in it."""

    shape: ClassVar[JsonObject] = {"type": "array", "items": {"type": "string"}}


def no_tags() -> computed:
    """`tags`, which NetBox has since 2.4: Ansible's inventory reads no host without them."""
    return computed(NoTags(), lambda entity: literal_column("'[]'::json"))


class transient:  # noqa: N801 - reads like the column helpers beside it
    """An attribute of writes that no column keeps, because a rule stores something else made of it.

    The reply to a write has it as it was sent; the read face has `expression`, or nothing.
    """

    def __init__(self, field: fields.Field, expression: Expression | None = None, *, required: bool = False) -> None:
        self.field, self.expression = field, expression
        field.required = required

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else instance.__dict__.get(self.name)

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.name] = value
