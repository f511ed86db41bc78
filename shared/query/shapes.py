"""Shapes: conditions whose SQL is the same whatever their values are, so that a statement of them is compiled once.

What tells one shape from another is the function that makes its SQL: it sees parameters in place of values, so what it
makes can depend on nothing else. It has to be the same function at each request, as a method of a declared filter is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_, true

# So many values, or conditions that are alternatives, make a shape; statements of more are not asked again often enough
# to be kept.
MOST_SHAPED = 8


@dataclass(frozen=True)
class Shape:
    """`build` makes SQL of `count` values, or of parameters that stand for them."""

    build: Callable[..., ColumnElement[Any]]
    count: int


@dataclass(frozen=True)
class Shaped:
    """SQL that `build` makes of `values`."""

    build: Callable[..., ColumnElement[Any]]
    values: tuple[Any, ...]

    @property
    def shape(self) -> Shape:
        return Shape(self.build, len(self.values))


@dataclass(frozen=True)
class Either:
    """Makes the SQL that one of several shapes holds, of the values of all of them."""

    shapes: tuple[Shape, ...]

    def __call__(self, *values: Any) -> ColumnElement[bool]:
        return or_(*_built(self.shapes, values))


@dataclass(frozen=True)
class Negation:
    """Makes the SQL that what `build` makes does not hold, or is null."""

    build: Callable[..., ColumnElement[Any]]

    def __call__(self, *values: Any) -> ColumnElement[bool]:
        return self.build(*values).is_not(true())


Narrowing = ColumnElement[Any] | Shaped


def expression(found: Narrowing) -> ColumnElement[Any]:
    """`found` as SQL with its values in it."""
    return found.build(*found.values) if isinstance(found, Shaped) else found


def expressions(every: Iterable[Narrowing]) -> list[ColumnElement[Any]]:
    """Each of `every` as SQL with its values in it."""
    return [expression(found) for found in every]


def any_of(found: Sequence[Narrowing]) -> Narrowing:
    """One of `found` holds; shaped if they are few and all of them are."""
    if len(found) == 1:
        return found[0]
    if len(found) <= MOST_SHAPED and (every := all_shaped(found)):
        return Shaped(Either(shapes_of(every)), values_of(every))
    return or_(*expressions(found))


def negated(found: Narrowing) -> Narrowing:
    """What `found` does not hold for; shaped if it is."""
    if isinstance(found, Shaped):
        return Shaped(Negation(found.build), found.values)
    return found.is_not(true())


def all_shaped(found: Sequence[Narrowing]) -> list[Shaped] | None:
    """`found`, or None if not all of it is shaped."""
    every = [each for each in found if isinstance(each, Shaped)]
    return every if len(every) == len(found) else None


def shapes_of(every: Iterable[Shaped]) -> tuple[Shape, ...]:
    return tuple(each.shape for each in every)


def values_of(every: Iterable[Shaped]) -> tuple[Any, ...]:
    return tuple(value for each in every for value in each.values)


def named(values: Sequence[Any]) -> dict[str, Any]:
    """`values` by the names of the parameters that stand for them."""
    return {f"value_{place}": value for place, value in enumerate(values)}


def bound(every: Sequence[Shape]) -> list[ColumnElement[Any]]:
    """The SQL of each shape, with parameters in place of values."""
    names = named([None] * sum(shape.count for shape in every))
    return _built(every, [bindparam(name) for name in names])


def _built(shapes: Sequence[Shape], values: Sequence[Any]) -> list[ColumnElement[Any]]:
    rest = iter(values)
    return [shape.build(*(next(rest) for _ in range(shape.count))) for shape in shapes]
