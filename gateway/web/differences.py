"""What differs between two states of an object, put for people: names of choices and objects, and only what changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.web import titles
from shared import JsonObject

# By name of the attribute: its shape, as the document or a custom field tells it.
Shapes = Mapping[str, JsonObject]
CUSTOM = "custom_fields"


@dataclass(frozen=True)
class Difference:
    """One attribute, and what it lost and got; of lists only the items that differ."""

    name: str
    removed: list[Any]
    added: list[Any]


def differences(before: JsonObject | None, after: JsonObject | None) -> list[Difference]:
    """What differs between two write faces; one of them is None where the object is not there."""
    was, is_now = _flat(before or {}), _flat(after or {})
    found = []
    for name in dict.fromkeys((*was, *is_now)):
        old, new = _items(was.get(name)), _items(is_now.get(name))
        removed, added = [each for each in old if each not in new], [each for each in new if each not in old]
        if name != "id" and (removed or added):
            found.append(Difference(name, removed, added))
    return found


def _flat(face: JsonObject) -> JsonObject:
    """A write face with each custom field as an attribute of its own."""
    custom = face.get(CUSTOM) or {}
    own = {name: value for name, value in face.items() if name != CUSTOM}
    return own | {f"{CUSTOM}.{name}": value for name, value in custom.items()}


def _items(value: Any) -> list[Any]:
    if value in (None, "", [], {}):
        return []
    return value if isinstance(value, list) else [value]


def readable(found: Iterable[list[Difference]], shapes: Shapes) -> list[list[Difference]]:
    """The same with the labels of choices, and with links to what is referred to: each list is asked once."""
    parts = list(found)
    ids: dict[str, set[int]] = {}
    for each in (each for part in parts for each in part):
        if path := _reference(shapes, each.name):
            ids.setdefault(path, set()).update(pk for pk in (*each.removed, *each.added) if isinstance(pk, int))
    known = titles.titles(ids)

    def shown(name: str, value: Any) -> Any:
        if path := _reference(shapes, name):
            title = known.get((path, str(value)))
            return {"url": f"{path}{value}/", "name": title} if title else f"#{value}"
        choices = {str(each["value"]): each for each in shapes.get(name, {}).get("x-choices", ())}
        return choices.get(str(value), value)

    def put(each: Difference) -> Difference:
        removed, added = ([shown(each.name, value) for value in some] for some in (each.removed, each.added))
        return Difference(each.name.rpartition(".")[2], removed, added)

    return [[put(each) for each in part] for part in parts]


def _reference(shapes: Shapes, name: str) -> str:
    path: str = shapes.get(name, {}).get("x-reference", "")
    return path
