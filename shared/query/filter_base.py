"""What every filter does with the values of its query parameter."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, false, or_

from shared.http.errors import BadRequest

NULL = "null"
IMPOSSIBLE = object()


class Filter:
    """A query parameter `name`; `condition(text)` gives the SQL of one value, or None when nothing can match.

    `kind` says to forms and documents what the parameter takes: text, integer, boolean, date, choice or reference;
    `target` is the model of whose objects it takes ids or, `by_key`, natural keys. At most `most_values` are taken.
    """

    kind = "text"
    most_values = 50

    def __init__(
        self, name: str, condition: "Callable[[str], ColumnElement | None] | None" = None, target=None, by_key=False
    ):
        self.name, self.condition, self.target, self.by_key = name, condition, target, by_key

    def where(self, values: list[str]) -> ColumnElement | None:
        """The condition of all `values` together, or None when every one is blank. Raises BadRequest for too many."""
        given = list(dict.fromkeys(text for value in values if (text := value.strip())))
        if len(given) > self.most_values:
            raise BadRequest({self.name: [f"At most {self.most_values} values can be asked for at once."]})
        if not given:
            return None
        return false() if "\x00" in "".join(given) else self._any_of(given)

    def _any_of(self, texts: list[str]) -> ColumnElement:
        conditions = [self.condition(text) for text in texts]
        return false() if any(condition is None for condition in conditions) else or_(*conditions)


class ColumnFilter(Filter):
    """What `column` holds: `read(text)` is the value that a text means, None for null, or IMPOSSIBLE."""

    most_values = 500

    def __init__(self, name: str, column: ColumnElement, read: Callable[[str], object]):
        super().__init__(name)
        self._column, self._read = column, read

    def _any_of(self, texts):
        values = [self._read(text) for text in texts]
        return false() if IMPOSSIBLE in values else one_of(self._column, values)


def one_of(column: ColumnElement, values: list) -> ColumnElement:
    """Whether `column` is one of `values`, of which None is null; one value is compared as such, for the planner."""
    given = [value for value in values if value is not None]
    found = [column == given[0] if len(given) == 1 else column.in_(given)] if given or not values else []
    return or_(*found, column.is_(None)) if None in values else found[0]
