"""A change: one object that a request is about to create or to change, as checks, rules and hooks see it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic

from sqlalchemy.orm import Session
from typing_extensions import TypeVar

from shared import JsonObject
from shared.http.errors import NON_FIELD
from shared.schema.models import Record

M = TypeVar("M", bound=Record, default=Any)


@dataclass
class Change(Generic[M]):
    """One object that is about to be created or changed.

    `values` are the loaded fields by API name, `before` the values of the columns that change, `errors` messages by
    field. `sent` is the data as the client sent it. `restored` is true for an object that
    existed before, here or elsewhere; `undoing` for a change that brings back what was here before.
    """

    object: M
    sent: JsonObject
    creating: bool
    values: JsonObject = field(default_factory=dict)
    before: JsonObject = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    restored: bool = False
    undoing: bool = False

    def fail(self, message: str, field_name: str = NON_FIELD) -> None:
        self.errors.setdefault(field_name, []).append(message)

    def changed(self, *columns: str) -> bool:
        """Whether any of the columns gets another value than it had (always, when creating)."""
        return self.creating or any(name in self.before for name in columns)


# What looks at all changes of a request, in its transaction: it may refuse some, or bring about others.
Rule = Callable[[Session, list[Change[M]]], None]
