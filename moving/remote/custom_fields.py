"""Definitions of custom fields, guessed from their values where the source does not tell of them (before v2.10)."""

import re
from collections import Counter
from typing import Any

from moving.rows import Row

PATH = "extras/custom-fields"
TEXT, INTEGER, BOOLEAN, DATE, URL, SELECTION = 100, 200, 300, 400, 500, 600
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_URL = re.compile(r"(https?|ftp)://\S+")


class Definitions:
    """Sees every value of every type, then says what its field must be."""

    def __init__(self) -> None:
        self._kinds: dict[str, Counter[int]] = {}
        self._labels: dict[str, dict[str, None]] = {}
        self._types: dict[str, dict[str, None]] = {}

    def see(self, label: str, values: dict[str, Any]) -> None:
        """The values of an object of type `label` as they are read."""
        for name, value in values.items():
            self._types.setdefault(name, {})[label] = None
            counted = self._kinds.setdefault(name, Counter())
            if value is None or value == "":
                continue
            counted[_kind(value)] += 1
            if isinstance(value, dict):
                self._labels.setdefault(name, {})[str(value.get("label"))] = None

    def rows(self) -> list[Row]:
        """A row for each field; one whose values are of several kinds is a text."""
        return [self._row(name, number) for number, name in enumerate(sorted(self._types), 1)]

    def _row(self, name: str, number: int) -> Row:
        found = set(self._kinds[name])
        kind = found.pop() if len(found) == 1 else TEXT
        labels = sorted(self._labels.get(name, ())) if kind == SELECTION else []
        return Row(
            PATH,
            f"guessed-{name}",
            {
                "name": name,
                "type": kind,
                "obj_type": sorted(self._types[name]),
                "weight": 100 * min(number, 300),
                "choices": [{"value": text, "weight": 100 * n} for n, text in enumerate(labels[:300], 1)],
            },
        )


def _kind(value: Any) -> int:
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return INTEGER
    if isinstance(value, dict):
        return SELECTION
    text = str(value)
    if _DATE.fullmatch(text):
        return DATE
    return URL if _URL.fullmatch(text) else TEXT
