"""Filters: what a list can be narrowed by.

A filter turns the values of one query parameter into one SQL condition. For all of them: a blank value is ignored,
repeating means OR, `null` (and `0`, where that is no value of its own) means "none", and a value that cannot be
matches nothing. How often a parameter may be repeated is limited by what each value costs.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import Select, and_, false, func, or_, select, true

from shared.query.date_filters import DateFilter, MomentFilter
from shared.query.filter_base import (
    FEW_VALUES,
    IMPOSSIBLE,
    NULL,
    AnyColumn,
    ColumnFilter,
    Condition,
    Filter,
    equal_to_one,
    one_of,
)
from shared.query.paths import Ids, Path, reach, target_of
from shared.query.shapes import MOST_SHAPED, Narrowing, Shaped, any_of
from shared.schema import fields, parsing
from shared.schema.models import Record

TRUE, FALSE = {"true", "1", "yes", "2"}, {"false", "0", "no", "3"}
MAX_BIGINT = 2**63 - 1


class TextFilter(ColumnFilter):
    def __init__(self, name: str, column: AnyColumn, nullable: bool = False) -> None:
        super().__init__(name, column, lambda text: None if nullable and text.lower() == NULL else text)

    def missing(self) -> Condition | None:
        return func.coalesce(self.column, "") == ""


class NumberFilter(ColumnFilter):
    kind = "integer"

    def __init__(self, name: str, column: AnyColumn, nullable: bool = False) -> None:
        def read(text: str) -> Any:
            if nullable and text.lower() == NULL:
                return None
            number = parsing.to_whole(text)
            return number if number is not None and abs(number) <= MAX_BIGINT else IMPOSSIBLE

        super().__init__(name, column, read)


class BooleanFilter(Filter):
    """true/false, 1/0, yes/no in any case; a word that is neither is ignored, as NetBox does.

    `condition` may be a boolean column or any condition, for what is no column (`has_primary_ip`).
    """

    kind = "boolean"

    def __init__(self, name: str, condition: Condition) -> None:
        def holds() -> Condition:
            return condition

        def does_not() -> Condition:
            return ~condition

        super().__init__(name, lambda text: Shaped(holds if text.lower() in TRUE else does_not, ()))

    def ignores(self, text: str) -> bool:
        return text.lower() not in TRUE | FALSE


class ChoiceFilter(ColumnFilter):
    """A value of `field`, or, where values are numbers, the slug of its label; words are found as they are written."""

    kind = "choice"

    def __init__(self, name: str, column: AnyColumn, field: fields.Choice) -> None:
        self.choices = field.choices
        has_booleans = any(isinstance(value, bool) for value, _ in field.choices)
        words = {value: value for value, _ in field.choices if isinstance(value, str)}
        known = words or field.by_text

        def read(text: str) -> Any:
            if has_booleans and text.lower() in TRUE | FALSE:
                return text.lower() in TRUE
            return known.get(text, None if text.lower() in (NULL, "0", "none") else IMPOSSIBLE)

        super().__init__(name, column, read)


class SpelledFilter(ColumnFilter):
    """A value in any of the spellings that `field` takes in a body (`prefix`)."""

    def __init__(self, name: str, column: AnyColumn, field: fields.Field) -> None:
        def read(text: str) -> Any:
            if field.allow_none and text.lower() == NULL:
                return None
            try:
                return field.deserialize(text)
            except ValidationError:
                return IMPOSSIBLE

        super().__init__(name, column, read)


class ReferenceFilter(Filter):
    """An object that is referred to, by id (`tenant_id`) or by its natural key (`tenant`, a slug).

    `path` leads there (`("rack", "group")`: the group of the rack); a missing link on the way counts as none.
    """

    kind = "reference"
    most_values = ColumnFilter.most_values
    target: type[Record]

    def __init__(self, name: str, model: type[Record], path: Path, by_key: bool) -> None:
        super().__init__(name, lambda text: self._any_of([text]), target_of(model, path), by_key)
        self.model, self.path = model, path

    def asked_not(self, values: list[str]) -> Narrowing | None:
        found, texts = super().asked_not(values), [text for value in values if (text := value.strip())]
        keys = self._keys(texts) if found is not None else set()
        if found is None or not keys or None in keys:
            return found
        if isinstance(found, Shaped):
            return Shaped(self._does_not_refer_to, found.values)
        return and_(found, self._all_there(self._names(keys), len(keys)))

    def missing(self) -> Condition | None:
        return reach(self.model, self.path, None)

    def _keys(self, texts: list[str]) -> set[Any]:
        """What `texts` name objects by; None for what can be no id or key."""
        named = [text for text in texts if not _is_null(text)]
        return {self._key_of(text) if self.by_key else parsing.to_integer(text) for text in named}

    def _key_of(self, text: str) -> Any:
        """The natural key that `text` spells; an address is one in many ways, a slug in one."""
        field = self.target.attributes[self.target.key].field
        try:
            return text if isinstance(field, fields.Text) else field.deserialize(text)
        except ValidationError:
            return None

    def _any_of(self, texts: list[str]) -> Narrowing:
        named, keys = [text for text in texts if not _is_null(text)], self._keys(texts)
        if None in keys:
            return false()
        if len(named) == len(texts) and len(self._usable(keys)) == len(keys) <= MOST_SHAPED:
            return Shaped(self._refers_to, tuple(keys))
        return self._reaches(self._names(keys), len(keys), or_nothing=len(named) < len(texts))

    def _refers_to(self, *keys: Any) -> Condition:
        """The path leads to what one of `keys` names, of which each names something."""
        return self._reaches(equal_to_one(self._key, keys), len(keys))

    def _does_not_refer_to(self, *keys: Any) -> Condition:
        """The path leads to nothing that one of `keys` names, of which each names something."""
        return and_(self._refers_to(*keys).is_not(true()), self._all_there(equal_to_one(self._key, keys), len(keys)))

    def _reaches(self, names: Condition, count: int, or_nothing: bool = False) -> Condition:
        """The path leads to an object for which `names`, by so many keys, holds, to what is below it, or to nothing."""
        conditions = []
        if count:
            named = self._below(select(self.target.id).where(names), count == 1)
            conditions.append(reach(self.model, self.path, named))
        if or_nothing:
            conditions.append(reach(self.model, self.path, None))
        found = or_(*conditions)
        return and_(found, self._all_there(names, count)) if count > 1 else found

    def _below(self, ids: Select[int], one: bool) -> Ids:
        """`ids`, of `one` key maybe, and those of what is below them."""
        wanted: Ids = ids if self.target is self.model else self.target.with_descendants(ids)
        alone = wanted is ids and one and (not self.by_key or self.target.key_unique())
        return ids.limit(1).scalar_subquery() if alone else wanted

    def _all_there(self, names: Condition, count: int) -> Condition:
        """NetBox empties the list when one of several values names nothing."""
        return select(func.count(self._key.distinct())).where(names).scalar_subquery() == count

    def _names(self, keys: set[Any]) -> Condition:
        """Whether an object has one of `keys`."""
        return one_of(self._key, self._usable(keys))

    def _usable(self, keys: set[Any]) -> list[Any]:
        """Those of `keys` that the database can compare."""
        return [key for key in keys if self.by_key or abs(key) <= parsing.MAX_INTEGER]

    @property
    def _key(self) -> Any:
        return getattr(self.target, self.target.attributes[self.target.key].column) if self.by_key else self.target.id


class SearchFilter(Filter):
    """`q`: any of the expressions contains the text, whatever the case; `extra(text)` may add conditions."""

    most_values, searches = FEW_VALUES, True

    def __init__(
        self, expressions: Iterable[AnyColumn], extra: Callable[[str], Sequence[Narrowing]] | None = None
    ) -> None:
        def contains(pattern: str) -> Condition:
            return or_(*(expression.ilike(pattern, escape="\\") for expression in expressions))

        def condition(text: str) -> Narrowing:
            own = [Shaped(contains, (f"%{escape_like(text)}%",))] if expressions else []
            return any_of([*own, *(extra(text) if extra else ())])

        super().__init__("q", condition)


def _is_null(text: str) -> bool:
    return text.lower() == NULL or text == "0"


def escape_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def of_attribute(model: type[Record], name: str) -> list[Filter]:
    """The filters that the kind of attribute `name` calls for; a reference has two, `x_id` and `x`."""
    attribute = model.attributes[name]
    field = attribute.field
    if attribute.is_reference or attribute.is_list:
        by_id, by_key = related(name, model, (name,))
        return [by_id, by_key] if by_id.target and by_id.target.key in by_id.target.attributes else [by_id]
    column = getattr(model, attribute.column)
    if isinstance(field, fields.Choice):
        return [ChoiceFilter(name, column, field)]
    if isinstance(field, fields.Boolean):
        return [BooleanFilter(name, column)]
    if isinstance(field, fields.Integer):
        return [NumberFilter(name, column, field.allow_none)]
    if isinstance(field, fields.Date):
        return [DateFilter(name, column)]
    if isinstance(field, fields.DateTime):
        return [MomentFilter(name, column)]
    if isinstance(field, fields.Text):
        return [TextFilter(name, column, field.allow_none)]
    return [SpelledFilter(name, column, field)]


def related(name: str, model: type[Record], path: Path) -> list[Filter]:
    return [ReferenceFilter(f"{name}_id", model, path, False), ReferenceFilter(name, model, path, True)]
