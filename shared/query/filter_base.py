"""What every filter does with the values of its query parameter."""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, False_, false, or_, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

from shared.http.errors import BadRequest
from shared.query.shapes import MOST_SHAPED, Narrowing, Shaped, any_of, expression, negated
from shared.schema.models import Record

NULL = "null"
# Texts that one request may have looked for in every row, and values of a filter that looks at every row.
MOST_SEARCHED = 5
FEW_VALUES = 5

Condition = ColumnElement[bool]
AnyColumn = ColumnElement[Any] | InstrumentedAttribute[Any]


class Never(Enum):
    """Stands for a value that no row can have."""

    IMPOSSIBLE = "impossible"


IMPOSSIBLE = Never.IMPOSSIBLE


class Filter:
    """A query parameter `name`; `condition(text)` gives the SQL of one value, or None when nothing can match.

    Where that SQL is the same for other values, but for the value itself, it is `Shaped`.

    `kind` says to forms and documents what the parameter takes: text, integer, boolean, date, choice or reference;
    `target` is the model of whose objects it takes ids or, `by_key`, natural keys. At most `most_values` are taken.
    `told` is what documents say of it, where that does not follow. What makes no sense matches nothing, and is
    refused if the client is strict, or the filter.
    One that `searches` compares each value with every row, whatever the indexes; how many values such filters have
    together is limited, too (`MOST_SEARCHED`).
    """

    kind = "text"
    told = ""
    strict = False
    most_values = 50
    searches = False

    def __init__(
        self,
        name: str,
        condition: Callable[[str], Narrowing | None],
        target: type[Record] | None = None,
        by_key: bool = False,
    ) -> None:
        self.name, self.condition, self.target, self.by_key = name, condition, target, by_key

    def where(self, values: list[str]) -> Condition | None:
        """The condition of all `values` together, or None when every one is blank. Raises BadRequest for too many."""
        found = self.asked(values)
        return None if found is None else expression(found)

    def asked(self, values: list[str]) -> Narrowing | None:
        """The same, shaped where the SQL of these values is that of others, too."""
        given = list(dict.fromkeys(text for value in values if not self.ignores(text := value.strip())))
        if len(given) > self.most_values:
            raise BadRequest({self.name: [f"At most {self.most_values} values can be asked for at once."]})
        if not given:
            return None
        return false() if "\x00" in "".join(given) else self._any_of(given)

    def asked_not(self, values: list[str]) -> Narrowing | None:
        """As `asked`, negated; an impossible value matches no row here either."""
        found = self.asked(values)
        return found if found is None or isinstance(found, False_) else negated(found)

    def ignores(self, text: str) -> bool:
        """Whether `text` narrows nothing, as a blank does."""
        return not text

    def parts(self, value: str) -> list[str]:
        """The texts that one `value` consists of."""
        return [value]

    def missing(self) -> Condition | None:
        """The condition that there is no value, where that can be told."""
        return None

    def _any_of(self, texts: list[str]) -> Narrowing:
        """The condition of `texts`, of which there is one at least, and no two are the same."""
        possible = [found for text in texts if (found := self.condition(text)) is not None]
        return any_of(possible) if len(possible) == len(texts) else false()


class ColumnFilter(Filter):
    """What `column` holds: `read(text)` is the value that a text means, None for null, or IMPOSSIBLE."""

    most_values = 500

    def __init__(self, name: str, column: AnyColumn, read: Callable[[str], Any]) -> None:
        super().__init__(name, lambda text: self._any_of([text]))
        self.column, self.read = column, read

    def of_rows(self, condition: Condition) -> Condition:
        """Hook for a column of another table: the rows of the list for which `condition` on the column holds."""
        return condition

    def missing(self) -> Condition | None:
        return self.column.is_(None)

    def _any_of(self, texts: list[str]) -> Narrowing:
        values = [self.read(text) for text in texts]
        if IMPOSSIBLE in values:
            return false()
        if len(values) > MOST_SHAPED:
            return self.of_rows(one_of(self.column, values))
        given = tuple(value for value in values if value is not None)
        return Shaped(self.equals if len(given) == len(values) else self.equals_or_is_null, given)

    def equals(self, *values: Any) -> Condition:
        """The column holds one of `values`."""
        return self.of_rows(equal_to_one(self.column, values))

    def equals_or_is_null(self, *values: Any) -> Condition:
        """The column holds one of `values`, of which there may be none, or nothing."""
        return self.of_rows(or_(*([equal_to_one(self.column, values)] if values else ()), self.column.is_(None)))


class SetFilter(Filter):
    """One whose `conditions(texts)` is that of all its values together, or None when one of them cannot be."""

    most_values = 500

    def __init__(
        self,
        name: str,
        conditions: Callable[[list[str]], Narrowing | None],
        target: type[Record] | None = None,
        by_key: bool = False,
    ) -> None:
        super().__init__(name, lambda text: conditions([text]), target, by_key)
        self._conditions = conditions

    def _any_of(self, texts: list[str]) -> Narrowing:
        found = self._conditions(texts)
        return false() if found is None else found


def conditions_of(chosen: Iterable[tuple[Filter, list[str]]]) -> list[Condition]:
    """What each filter makes of its values; those that are blank narrow nothing."""
    made = (each.where(values) for each, values in chosen)
    return [condition for condition in made if condition is not None]


def equal_to_one(column: AnyColumn, values: Sequence[Any]) -> Condition:
    """Whether `column` is one of `values`, or of parameters that stand for them; none of them null."""
    typed = [type_coerce(value, column.type) for value in values]
    found: Condition = column == values[0] if len(values) == 1 else column.in_(typed)
    return found


def one_of(column: AnyColumn, values: Sequence[Any]) -> Condition:
    """Whether `column` is one of `values`, of which None is null; one value is compared as such, for the planner."""
    given = [value for value in values if value is not None]
    found = [column == given[0] if len(given) == 1 else column.in_(given)] if given or not values else []
    return or_(*found, column.is_(None)) if None in values else found[0]
