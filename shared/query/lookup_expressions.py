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
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, JSON, Boolean, Date, DateTime, Integer, String, Text, cast
from sqlalchemy.types import TypeEngine

from shared.query import filters
from shared.query.date_filters import DateFilter
from shared.query.filter_base import FEW_VALUES, IMPOSSIBLE, ColumnFilter, Condition, Filter
from shared.schema.models import Attribute, Record

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
PATTERNS = {"ic": "%{}%", "isw": "{}%", "iew": "%{}", "ie": "{}"}
NOT = "n"


class Negated(Filter):
    """The rows that `base` does not match, including those without a value."""

    def __init__(self, name: str, base: Filter) -> None:
        super().__init__(name, base.condition)
        self.kind, self.searches, self._base = base.kind, base.searches, base

    def asked(self, values: list[str]) -> Condition | None:
        return self._base.where_not(values)


class Pattern(Filter):
    """Whether a text is like `pattern`, in which `{}` stands for what is asked, whatever the case."""

    most_values, searches = FEW_VALUES, True

    def __init__(self, name: str, base: ColumnFilter, pattern: str) -> None:
        def condition(text: str) -> Condition:
            return base.of_rows(base.column.ilike(pattern.format(filters.escape_like(text)), escape="\\"))

        super().__init__(name, condition)


class Comparison(Filter):
    """Whether a number or a point in time `compares` to what is asked."""

    most_values = FEW_VALUES

    def __init__(self, name: str, base: ColumnFilter, compares: Callable[[Any, Any], Any]) -> None:
        def condition(text: str) -> Condition | None:
            value = base.read(text)
            return None if value in (None, IMPOSSIBLE) else base.of_rows(compares(base.column, value))

        super().__init__(name, condition)
        self.kind = base.kind


def find(table: Mapping[str, Filter], model: type[Record], parameter: str) -> Filter | None:
    """The filter that `parameter` means, by what is declared in `table`, else by an attribute of `model`."""
    name, separator, expression = parameter.rpartition("__")
    if not separator:
        return None
    bases = (each for each in (table.get(name), _of_attributes(model).get(name)) if each)
    return next((found for base in bases if (found := made(parameter, base, expression))), None)


def names(table: Mapping[str, Filter], model: type[Record], parameter: str) -> Iterable[str]:
    """The names that `parameter` may be a misspelling of."""
    known = dict(_of_attributes(model)) | dict(table)
    written, separator, expression = parameter.rpartition("__")
    spelled = [*COMPARISONS, *PATTERNS, *(NOT + name for name in PATTERNS), NOT, "empty"]
    either = known if not separator else [f"{name}__{each}" for name in known for each in {*spelled, expression}]
    return [name for name in either if name in table or find(table, model, name)]


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
