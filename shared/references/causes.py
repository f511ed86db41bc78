"""Causes: on whose behalf what is delivered to a holder changed, so that what follows there is told with it.

A delivery has them as a list of `{"cause": {request_id, user_id, user_name}, "objects": {label: ids}}`.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import orjson

from shared import JsonObject

NOBODY: JsonObject = {}


def of_entries(entries: Iterable[Any]) -> list[JsonObject]:
    """The causes of entries of the outbox, which have `label`, `object_id` and `cause`."""
    found: dict[bytes, JsonObject] = {}
    for entry in entries:
        if entry.cause is not None:
            key = orjson.dumps(entry.cause, option=orjson.OPT_SORT_KEYS)
            same = found.setdefault(key, {"cause": entry.cause, "objects": {}})
            same["objects"].setdefault(entry.label, []).append(entry.object_id)
    return list(found.values())


def parted(told: Iterable[JsonObject], label: str, ids: Collection[int]) -> Iterator[tuple[JsonObject, list[int]]]:
    """The objects `ids` of a type, parted by their cause; what has none, as of an owner of another release, last."""
    left = set(ids)
    for each in told:
        if mine := left.intersection(each["objects"].get(label, ())):
            yield each["cause"], sorted(mine)
            left -= mine
    if left:
        yield NOBODY, sorted(left)
