"""Filters on dates and points in time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, false

from shared.query.filter_base import IMPOSSIBLE, AnyColumn, ColumnFilter, Condition, Never
from shared.query.shapes import Narrowing, Shaped, any_of
from shared.schema import parsing


class DateFilter(ColumnFilter):
    kind = "date"

    def __init__(self, name: str, column: AnyColumn) -> None:
        def read(text: str) -> Any:
            month_first = text.split("/")
            if len(month_first) == 3:
                text = "-".join((month_first[2], *month_first[:2]))
            return parsing.to_date(text) or IMPOSSIBLE

        super().__init__(name, column, read)


class MomentFilter(DateFilter):
    """A point in time in ISO 8601; a date alone means that day, in UTC, and its beginning where it is compared."""

    def __init__(self, name: str, column: AnyColumn) -> None:
        super().__init__(name, column)
        self.read = _moment

    def _any_of(self, texts: list[str]) -> Narrowing:
        moments = [self.read(text) for text in texts]
        if IMPOSSIBLE in moments:
            return false()
        return any_of([self._at(*each) for each in zip(texts, moments, strict=True)])

    def _at(self, text: str, moment: datetime) -> Shaped:
        if parsing.to_date(text) is None:
            return Shaped(self.equals, (moment,))
        day = min(timedelta(days=1), datetime.max.replace(tzinfo=UTC) - moment)
        return Shaped(self._is_between, (moment, moment + day))

    def _is_between(self, first: Any, end: Any) -> Condition:
        return and_(self.column >= first, self.column < end)


def _moment(text: str) -> datetime | Never:
    """Parses a time; a `+` of an offset that was sent unencoded arrives as a space."""
    day = parsing.to_date(text)
    if day is not None:
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    return parsing.to_moment(re.sub(r"(T[\d:.]+) (\d\d:?\d\d)", r"\1+\2", text)) or IMPOSSIBLE
