"""Filters: what a list can be narrowed by.

A filter turns the values of one query parameter into a SQL condition. For all of them: a blank value is ignored,
repeating means OR, `null` (and `0`, where that is no value of its own) means "none", and a value that cannot be
matches nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from shared.query.paths import Ids, Path, reach, target_of
from shared.schema import fields, parsing
from shared.schema.fields import Choices
from shared.schema.models import Record

TRUE, FALSE = {"true", "1", "yes", "2"}, {"false", "0", "no", "3"}
NULL = "null"
MAX_BIGINT = 2**63 - 1

Condition = ColumnElement[bool]
AnyColumn = ColumnElement[Any] | InstrumentedAttribute[Any]


class Filter:
    """A query parameter `name`; `condition(text)` gives the SQL of one value, or None when nothing can match.

    `kind` says to forms and documents what the parameter takes: text, integer, boolean, date, choice or reference;
    `target` is the model of whose objects it takes ids or, `by_key`, natural keys.
    """

    kind = "text"

    def __init__(
        self,
        name: str,
        condition: Callable[[str], Condition | None],
        target: type[Record] | None = None,
        by_key: bool = False,
    ) -> None:
        self.name, self.condition, self.target, self.by_key = name, condition, target, by_key

    def where(self, values: list[str]) -> Condition | None:
        """The condition of all `values` together, or None when every one is blank."""
        given = [text for value in values if (text := value.strip())]
        if not given:
            return None
        conditions = [self.condition(text) if "\x00" not in text else None for text in given]
        possible = [condition for condition in conditions if condition is not None]
        return or_(*possible) if len(possible) == len(given) else false()


class TextFilter(Filter):
    def __init__(self, name: str, column: AnyColumn, nullable: bool = False) -> None:
        super().__init__(name, lambda text: column.is_(None) if nullable and text.lower() == NULL else column == text)


class NumberFilter(Filter):
    kind = "integer"

    def __init__(self, name: str, column: AnyColumn, nullable: bool = False) -> None:
        def condition(text: str) -> Condition | None:
            if nullable and text.lower() == NULL:
                return column.is_(None)
            number = parsing.to_integer(text)
            return column == number if number is not None and abs(number) <= MAX_BIGINT else None

        super().__init__(name, condition)


class BooleanFilter(Filter):
    """true/false, 1/0, yes/no in any case; a word that is neither is ignored, as NetBox does.

    `condition` may be a boolean column or any condition, for what is no column (`has_primary_ip`).
    """

    kind = "boolean"

    def __init__(self, name: str, condition: Condition) -> None:
        super().__init__(name, lambda text: condition if text.lower() in TRUE else ~condition)

    def where(self, values: list[str]) -> Condition | None:
        return super().where([value for value in values if value.strip().lower() in TRUE | FALSE])


class ChoiceFilter(Filter):
    kind = "choice"

    def __init__(self, name: str, column: AnyColumn, choices: Choices[Any]) -> None:
        self.choices = choices
        by_text = {str(value): value for value, _ in choices}
        by_boolean = {value: value for value, _ in choices if isinstance(value, bool)}

        def condition(text: str) -> Condition | None:
            if by_boolean and text.lower() in TRUE | FALSE:
                return column == (text.lower() in TRUE)
            if text in by_text:
                chosen: Condition = column == by_text[text]
                return chosen
            return column.is_(None) if text.lower() in (NULL, "0", "none") else None

        super().__init__(name, condition)


class DateFilter(Filter):
    kind = "date"

    def __init__(self, name: str, column: AnyColumn) -> None:
        def condition(text: str) -> Condition | None:
            month_first = text.split("/")
            if len(month_first) == 3:
                text = "-".join((month_first[2], *month_first[:2]))
            day = parsing.to_date(text)
            return None if day is None else column == day

        super().__init__(name, condition)


class ReferenceFilter(Filter):
    """An object that is referred to, by id (`tenant_id`) or by its natural key (`tenant`, a slug).

    `path` leads there (`("rack", "group")`: the group of the rack); a missing link on the way counts as none.
    """

    kind = "reference"
    target: type[Record]

    def __init__(self, name: str, model: type[Record], path: Path, by_key: bool) -> None:
        self.model, self.path = model, path
        super().__init__(name, self._condition, target_of(model, path), by_key)

    def _condition(self, text: str) -> Condition | None:
        if _is_null(text):
            return reach(self.model, self.path, None)
        ids = self._ids(text)
        if ids is None:
            return None
        wanted: Ids = ids if self.target is self.model else self.target.with_descendants(ids)
        if wanted is ids and (not self.by_key or self.target.key_unique()):
            wanted = ids.limit(1).scalar_subquery()
        return reach(self.model, self.path, wanted)

    def _ids(self, text: str) -> Select[int] | None:
        """The ids of the objects that `text` names."""
        if self.by_key:
            key = self.target.attributes[self.target.key].column
            return select(self.target.id).where(getattr(self.target, key) == text)
        found = _one_of(self.target.id, [text])
        return None if found is None else select(self.target.id).where(found)

    def where(self, values: list[str]) -> Condition | None:
        """As everywhere, but NetBox empties the list when one of several values names nothing."""
        condition = super().where(values)
        named = [text for value in values if (text := value.strip()) and not _is_null(text)]
        if len(named) < 2 or condition is None or "\x00" in "".join(named):
            return condition
        ids = [self._ids(text) for text in named]
        return false() if any(each is None for each in ids) else and_(condition, *(exists(each) for each in ids))


class SearchFilter(Filter):
    """`q`: any of the expressions contains the text, whatever the case; `extra(text)` may add conditions."""

    def __init__(self, expressions: Iterable[AnyColumn], extra: Callable[[str], list[Condition]] | None = None) -> None:
        def condition(text: str) -> Condition | None:
            pattern = f"%{escape_like(text)}%"
            found = [expression.ilike(pattern, escape="\\") for expression in expressions]
            return or_(*found, *(extra(text) if extra else ()))

        super().__init__("q", condition)


class IdFilter(Filter):
    kind = "integer"

    def __init__(self, model: type[Record]) -> None:
        super().__init__("id", lambda text: _one_of(model.id, [text]))


class IdInFilter(Filter):
    """`id__in`: ids separated by commas."""

    def __init__(self, model: type[Record]) -> None:
        super().__init__("id__in", lambda text: _one_of(model.id, [part for part in text.split(",") if part.strip()]))


def _is_null(text: str) -> bool:
    return text.lower() == NULL or text == "0"


def _one_of(column: AnyColumn, texts: list[str]) -> Condition | None:
    numbers = [number for text in texts if (number := parsing.to_integer(text)) is not None]
    if len(numbers) < len(texts):
        return None
    return column.in_([number for number in numbers if abs(number) <= parsing.MAX_INTEGER])


def escape_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def of_attribute(model: type[Record], name: str) -> list[Filter]:
    """The filters that the kind of attribute `name` calls for; a reference has two, `x_id` and `x`."""
    attribute = model.attributes[name]
    field = attribute.field
    if attribute.is_reference or attribute.is_list:
        return related(name, model, (name,))
    column = getattr(model, attribute.column)
    if isinstance(field, fields.Choice):
        return [ChoiceFilter(name, column, field.choices)]
    if isinstance(field, fields.Boolean):
        return [BooleanFilter(name, column)]
    if isinstance(field, fields.Integer):
        return [NumberFilter(name, column, field.allow_none)]
    if isinstance(field, fields.Date):
        return [DateFilter(name, column)]
    return [TextFilter(name, column, field.allow_none)]


def related(name: str, model: type[Record], path: Path) -> list[Filter]:
    return [ReferenceFilter(f"{name}_id", model, path, False), ReferenceFilter(name, model, path, True)]
