"""Filters: what a list can be narrowed by.

A filter turns the values of one query parameter into a SQL condition. For all of them: a blank value is ignored,
repeating means OR, `null` (and `0`, where that is no value of its own) means "none", and a value that cannot be
matches nothing.
"""

from collections.abc import Callable

from marshmallow import ValidationError
from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select

from shared.query.paths import Back, reach, target_of
from shared.schema import fields, parsing

TRUE, FALSE = {"true", "1", "yes", "2"}, {"false", "0", "no", "3"}
NULL = "null"
MAX_BIGINT = 2**63 - 1


class Filter:
    """A query parameter `name`; `condition(text)` gives the SQL of one value, or None when nothing can match.

    `kind` says to forms and documents what the parameter takes: text, integer, boolean, date, choice or reference;
    `target` is the model of whose objects it takes ids or, `by_key`, natural keys.
    """

    kind = "text"

    def __init__(self, name: str, condition: "Callable[[str], ColumnElement | None]", target=None, by_key=False):
        self.name, self.condition, self.target, self.by_key = name, condition, target, by_key

    def where(self, values: list[str]) -> ColumnElement | None:
        """The condition of all `values` together, or None when every one is blank."""
        given = [text for value in values if (text := value.strip())]
        if not given:
            return None
        conditions = [self.condition(text) if "\x00" not in text else None for text in given]
        if any(condition is None for condition in conditions):
            return false()
        return or_(*conditions)


class TextFilter(Filter):
    def __init__(self, name, column, nullable=False):
        super().__init__(name, lambda text: column.is_(None) if nullable and text.lower() == NULL else column == text)


class NumberFilter(Filter):
    kind = "integer"

    def __init__(self, name, column, nullable=False):
        def condition(text):
            if nullable and text.lower() == NULL:
                return column.is_(None)
            number = parsing.to_whole(text)
            return column == number if number is not None and abs(number) <= MAX_BIGINT else None

        super().__init__(name, condition)


class BooleanFilter(Filter):
    """true/false, 1/0, yes/no in any case; a word that is neither is ignored, as NetBox does.

    `condition` may be a boolean column or any condition, for what is no column (`has_primary_ip`).
    """

    kind = "boolean"

    def __init__(self, name, condition):
        super().__init__(name, lambda text: condition if text.lower() in TRUE else ~condition)

    def where(self, values):
        return super().where([value for value in values if value.strip().lower() in TRUE | FALSE])


class ChoiceFilter(Filter):
    kind = "choice"

    def __init__(self, name, column, choices):
        self.choices = choices
        by_text = {str(value): value for value, _ in choices}
        by_boolean = {value: value for value, _ in choices if isinstance(value, bool)}

        def condition(text):
            if by_boolean and text.lower() in TRUE | FALSE:
                return column == (text.lower() in TRUE)
            if text in by_text:
                return column == by_text[text]
            return column.is_(None) if text.lower() in (NULL, "0", "none") else None

        super().__init__(name, condition)


class DateFilter(Filter):
    kind = "date"

    def __init__(self, name, column):
        def condition(text):
            month_first = text.split("/")
            if len(month_first) == 3:
                text = "-".join((month_first[2], *month_first[:2]))
            day = parsing.to_date(text)
            return column == day if day else None

        super().__init__(name, condition)


class SpelledFilter(Filter):
    """A value in any of the spellings that `field` takes in a body (`prefix`)."""

    def __init__(self, name, column, field):
        def condition(text):
            if field.allow_none and text.lower() == NULL:
                return column.is_(None)
            try:
                return column == field.deserialize(text)
            except ValidationError:
                return None

        super().__init__(name, condition)


class ReferenceFilter(Filter):
    """An object that is referred to, by id (`tenant_id`) or by its natural key (`tenant`, a slug).

    `path` leads there (`("rack", "group")`: the group of the rack); a missing link on the way counts as none.
    """

    kind = "reference"

    def __init__(self, name, model, path: "tuple[str | Back, ...]", by_key: bool):
        self.model, self.path = model, path
        super().__init__(name, self._condition, target_of(model, path), by_key)

    def _condition(self, text):
        if _is_null(text):
            return reach(self.model, self.path, None)
        ids = self._ids(text)
        if ids is None:
            return None
        wanted = ids if self.target is self.model else self.target.with_descendants(ids)
        if wanted is ids and (not self.by_key or self.target.key_unique()):
            wanted = ids.limit(1).scalar_subquery()
        return reach(self.model, self.path, wanted)

    def _ids(self, text) -> Select | None:
        """The ids of the objects that `text` names."""
        if self.by_key:
            key = self.target.attributes[self.target.key].column
            return select(self.target.id).where(getattr(self.target, key) == text)
        found = _one_of(self.target.id, [text])
        return None if found is None else select(self.target.id).where(found)

    def where(self, values):
        """As everywhere, but NetBox empties the list when one of several values names nothing."""
        condition = super().where(values)
        named = [text for value in values if (text := value.strip()) and not _is_null(text)]
        if len(named) < 2 or condition is None or "\x00" in "".join(named):
            return condition
        ids = [self._ids(text) for text in named]
        return false() if any(each is None for each in ids) else and_(condition, *(exists(each) for each in ids))


class SearchFilter(Filter):
    """`q`: any of the expressions contains the text, whatever the case; `extra(text)` may add conditions."""

    def __init__(self, expressions, extra: "Callable[[str], list[ColumnElement]] | None" = None):
        def condition(text):
            pattern = f"%{escape_like(text)}%"
            found = [expression.ilike(pattern, escape="\\") for expression in expressions]
            return or_(*found, *(extra(text) if extra else ()))

        super().__init__("q", condition)


class IdFilter(Filter):
    kind = "integer"

    def __init__(self, model):
        super().__init__("id", lambda text: _one_of(model.id, [text]))


class IdInFilter(Filter):
    """`id__in`: ids separated by commas."""

    def __init__(self, model):
        super().__init__("id__in", lambda text: _one_of(model.id, [part for part in text.split(",") if part.strip()]))


def _is_null(text: str) -> bool:
    return text.lower() == NULL or text == "0"


def _one_of(column, texts: list[str]) -> ColumnElement | None:
    numbers = [parsing.to_integer(text) for text in texts]
    if None in numbers:
        return None
    return column.in_([number for number in numbers if abs(number) <= parsing.MAX_INTEGER])


def escape_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def of_attribute(model, name: str) -> list[Filter]:
    """The filters that the kind of attribute `name` calls for; a reference has two, `x_id` and `x`."""
    attribute = model.attributes[name]
    field = attribute.field
    if attribute.is_reference or attribute.is_list:
        by_id, by_key = related(name, model, (name,))
        return [by_id, by_key] if by_id.target.key in by_id.target.attributes else [by_id]
    column = getattr(model, attribute.column)
    if isinstance(field, fields.Choice):
        return [ChoiceFilter(name, column, field.choices)]
    if isinstance(field, fields.Boolean):
        return [BooleanFilter(name, column)]
    if isinstance(field, fields.Integer):
        return [NumberFilter(name, column, field.allow_none)]
    if isinstance(field, fields.Date):
        return [DateFilter(name, column)]
    if isinstance(field, fields.Text):
        return [TextFilter(name, column, field.allow_none)]
    return [SpelledFilter(name, column, field)]


def related(name: str, model, path: "tuple[str | Back, ...]") -> list[Filter]:
    return [ReferenceFilter(f"{name}_id", model, path, False), ReferenceFilter(name, model, path, True)]
