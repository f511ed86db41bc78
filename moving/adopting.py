"""Objects that are here already: found by what no two objects have in common."""

from typing import Any

from moving.api import ApiClient, Refused
from moving.catalogue import Kind
from moving.rows import row_of


def existing(api: ApiClient, kind: Kind, body: dict[str, Any]) -> int | None:
    """The id of the one object here that is the same as `body`, by any unique set of names; None without one."""
    for names in kind.unique:
        values = {name: body.get(name) for name in names}
        if any(value in (None, "", []) for value in values.values()):
            continue
        query: dict[str, Any] = {chosen: value for name, value in values.items() if (chosen := _filter(kind, name))}
        if not query:
            continue
        try:
            candidates = list(api.objects(kind.path, 0, None, **query))
        except Refused:
            continue
        same = [face["id"] for face in candidates if _has(kind, face, values)]
        if len(same) == 1:
            return int(same[0])
    return None


def with_id(api: ApiClient, kind: Kind, body: dict[str, Any]) -> int | None:
    """The id of the object here that has that of `body`, if it is the same by all that tells objects apart."""
    names = {name for names in kind.unique for name in names} or kind.required
    values = {name: body[name] for name in names if name in body and name in kind.shown}
    there = api.objects(kind.path, id=body["id"])
    return next((int(face["id"]) for face in there if _has(kind, face, values)), None)


def _filter(kind: Kind, name: str) -> str | None:
    """The filter that narrows a list to a value of `name`, if there is one."""
    wanted = (f"{name}_id", name) if name in kind.references else (name,)
    return next((each for each in wanted if each in kind.filters), None)


def _has(kind: Kind, face: dict[str, Any], values: dict[str, Any]) -> bool:
    shown = row_of(kind, face).body
    return all(str(shown.get(name)).strip() == str(value).strip() for name, value in values.items())
