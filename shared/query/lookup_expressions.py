"""Lookup expressions: filters by other comparisons than equality (`name__ic=core`), as in NetBox since 2.9.

They follow from the kind of the attribute, or of the filter that has its name, and are made when they are asked for:

    n                                     all but these               every filter
    empty                                 whether there is none       every attribute
    lt lte gt gte                         less, greater               numbers, dates, moments
    ic isw iew ie   nic nisw niew nie     contains, starts with, ends with, is; not   texts, whatever the case

As for any filter, repeating means OR, and an impossible value matches nothing, even in a negated filter.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, Protocol

from sqlalchemy import ARRAY, JSON, Boolean, Date, DateTime, Integer, String, Text, cast
from sqlalchemy.types import TypeEngine

from shared.query import filters
from shared.query.date_filters import DateFilter
from shared.query.filter_base import FEW_VALUES, IMPOSSIBLE, ColumnFilter, Condition, Filter
from shared.query.shapes import Narrowing, Shaped
from shared.schema.models import Attribute, Record

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
PATTERNS = {"ic": "%{}%", "isw": "{}%", "iew": "%{}", "ie": "{}"}
NOT = "n"
MOST_KEPT = 1000


class Negated(Filter):
    """The rows that `base` does not match, including those without a value."""

    def __init__(self, name: str, base: Filter) -> None:
        super().__init__(name, base.condition)
        self.kind, self.searches, self._base = base.kind, base.searches, base

    def asked(self, values: list[str]) -> Narrowing | None:
        return self._base.asked_not(values)

    def ignores(self, text: str) -> bool:
        return self._base.ignores(text)

    def parts(self, value: str) -> list[str]:
        return self._base.parts(value)


class Pattern(Filter):
    """Whether a text is like `pattern`, in which `{}` stands for what is asked, whatever the case."""

    most_values, searches = FEW_VALUES, True

    def __init__(self, name: str, base: ColumnFilter, pattern: str) -> None:
        super().__init__(name, lambda text: Shaped(self._is_like, (pattern.format(filters.escape_like(text)),)))
        self._base = base

    def _is_like(self, pattern: str) -> Condition:
        return self._base.of_rows(self._base.column.ilike(pattern, escape="\\"))


class Comparison(Filter):
    """Whether a number or a point in time `compares` to what is asked."""

    most_values = FEW_VALUES

    def __init__(self, name: str, base: ColumnFilter, compares: Callable[[Any, Any], Any]) -> None:
        def condition(text: str) -> Shaped | None:
            value = base.read(text)
            return None if value in (None, IMPOSSIBLE) else Shaped(self._holds, (value,))

        super().__init__(name, condition)
        self.kind, self._base, self._compares = base.kind, base, compares

    def _holds(self, value: Any) -> Condition:
        return self._base.of_rows(self._compares(self._base.column, value))


class Filtered(Protocol):
    """A resource, as far as this module knows one."""

    @property
    def filter_table(self) -> Mapping[str, Filter]: ...

    @property
    def model(self) -> type[Record]: ...


@lru_cache(maxsize=MOST_KEPT)
def find(resource: Filtered, parameter: str) -> Filter | None:
    """The filter that `parameter` means, by what `resource` declares, else by an attribute of its model.

    It is kept, for it is the function of a filter by which a shape is known again.
    """
    name, separator, expression = parameter.rpartition("__")
    if not separator:
        return None
    bases = (each for each in (resource.filter_table.get(name), _of_attributes(resource.model).get(name)) if each)
    return next((found for base in bases if (found := made(parameter, base, expression))), None)


def names(resource: Filtered, parameter: str) -> Iterable[str]:
    """The names that `parameter` may be a misspelling of."""
    known = dict(_of_attributes(resource.model)) | dict(resource.filter_table)
    written, separator, expression = parameter.rpartition("__")
    spelled = [*COMPARISONS, *PATTERNS, *(NOT + name for name in PATTERNS), NOT, "empty"]
    either = known if not separator else [f"{name}__{each}" for name in known for each in {*spelled, expression}]
    return [name for name in either if name in resource.filter_table or find.__wrapped__(resource, name)]


def made(name: str, base: Filter, expression: str) -> Filter | None:
    """The filter `name` that compares what `base` does in the way of `expression`, where its kind has that way."""
    if expression == NOT:
        return Negated(name, base)
    if expression == "empty":
        missing = base.missing()
        return None if missing is None else filters.BooleanFilter(name, missing)
    if isinstance(base, filters.TextFilter):
        if expression in PATTERNS:
            return Pattern(name, base, PATTERNS[expression])
        if expression.startswith(NOT) and expression[1:] in PATTERNS:
            return Negated(name, Pattern(name, base, PATTERNS[expression[1:]]))
    if isinstance(base, (filters.NumberFilter, DateFilter)) and expression in COMPARISONS:
        return Comparison(name, base, COMPARISONS[expression])
    return None


@cache
def _of_attributes(model: type[Record]) -> Mapping[str, Filter]:
    """A filter for each attribute that is kept in a column of its own and shown, declared or not, by its name."""
    shown = (each for each in model.attributes.values() if each.readable and not each.field.load_only)
    return {made.name: made for attribute in shown for made in _of_attribute(model, attribute)}


def _of_attribute(model: type[Record], attribute: Attribute) -> Iterable[Filter]:
    column = model.__table__.columns.get(attribute.column)
    if attribute.is_list or (column is not None and (attribute.is_reference or _is_plain(column.type))):
        yield from filters.of_attribute(model, attribute.name)
    elif column is not None and not isinstance(column.type, (JSON, ARRAY)):
        shown = cast(attribute.field.sql(getattr(model, attribute.column)), Text)
        yield filters.TextFilter(attribute.name, shown)


def _is_plain(type_: TypeEngine[Any]) -> bool:
    """Whether values of this type need no spelling to be compared, as addresses do."""
    return isinstance(type_, (String, Integer, Boolean, Date, DateTime))
