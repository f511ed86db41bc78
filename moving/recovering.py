"""Finds out whether the last write of an interrupted import was done, by comparing what exists with what was sent.

A request that creates is one transaction, and what it created has greater ids than all that was created before it.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from moving.catalogue import Kind
from moving.rows import row_of
from moving.state import Sending

# Fields that no reply shows, or not as they were sent.
HIDDEN = frozenset({"plaintext", "password", "image", "custom_fields", "choices", "id"})


def matched(kind: Kind, sendings: list[Sending], there: Iterable[dict[str, Any]]) -> list[int | None]:
    """For each of `sendings` the id of the object among `there` (as read) that it became, or None."""
    by_sign: dict[tuple[str, ...], list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for face in there:
        shown = row_of(kind, face).body
        by_sign[_sign(kind, shown)].append((face["id"], shown))
    found = []
    for sending in sendings:
        candidates = by_sign[_sign(kind, sending.sent)]
        number = next((n for n, (_, shown) in enumerate(candidates) if _agrees(sending.sent, shown)), None)
        found.append(None if number is None else candidates.pop(number)[0])
    return found


def _sign(kind: Kind, body: dict[str, Any]) -> tuple[str, ...]:
    """A key that quickly tells most objects apart."""
    return tuple(_plain(body.get(name)) for name in sorted(kind.required - HIDDEN))


def _agrees(sent: dict[str, Any], shown: dict[str, Any]) -> bool:
    return all(
        _plain(value) == _plain(shown.get(name)) for name, value in sent.items() if name not in HIDDEN and name in shown
    )


def _plain(value: Any) -> str:
    """A value without what an API may have done to it: case of hexadecimal digits, blanks, numbers as texts."""
    if isinstance(value, list):
        return str(sorted(map(_plain, value)))
    return "" if value is None else str(value).strip().casefold()
