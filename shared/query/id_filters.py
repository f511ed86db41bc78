"""Filters by the id of an object itself."""

from typing import Any

from sqlalchemy import false

from shared.query.filter_base import ColumnFilter, Condition, Filter, equal_to_one
from shared.query.shapes import MOST_SHAPED, Narrowing, Shaped
from shared.schema import parsing
from shared.schema.models import Record


class IdFilter(Filter):
    kind = "integer"
    most_values = ColumnFilter.most_values

    def __init__(self, model: type[Record], name: str = "id") -> None:
        super().__init__(name, lambda text: self._any_of([text]))
        self._column = model.id

    def _any_of(self, texts: list[str]) -> Narrowing:
        numbers = [number for text in texts if (number := parsing.to_integer(text)) is not None]
        if len(numbers) < len(texts):
            return false()
        possible = [number for number in numbers if abs(number) <= parsing.MAX_INTEGER]
        few = 0 < len(possible) <= MOST_SHAPED
        return Shaped(self.equals, tuple(possible)) if few else self._column.in_(possible)

    def equals(self, *numbers: Any) -> Condition:
        return equal_to_one(self._column, numbers)


class IdInFilter(IdFilter):
    """`id__in`: ids separated by commas, as many as an address has room for."""

    def __init__(self, model: type[Record]) -> None:
        super().__init__(model, "id__in")

    def parts(self, value: str) -> list[str]:
        return value.split(",")

    def _any_of(self, texts: list[str]) -> Narrowing:
        return super()._any_of([part for text in texts for part in self.parts(text) if part.strip()])
