"""The names of objects in messages: in a conflict, as a dependent, in recent activity."""

from typing import Any

from sqlalchemy.orm import Session, object_session

from shared import JsonObject
from shared.schema.computed_values import evaluated
from shared.schema.models import Record


def name_of(row: Record) -> str:
    """What `row` is called (`names_of`)."""
    return names_of(object_session(row), [row])[row.id]


def described(row: Record) -> str:
    """What `row` is, its id and what it is called: `device 5 (sw1)`."""
    name, numbered = name_of(row), _numbered(row)
    return numbered if name == numbered else f"{numbered} ({name})"


def names_of(session: Session | None, rows: list[Record]) -> dict[int, str]:
    """The name of each of `rows`, all of one type, by id: its own, else what stands for it, else type and id.

    What stands for an object is what its nested face shows first: the display name of a device without a name, the
    master of a chassis. It takes one statement at most for them all, and none without a session.
    """
    found: dict[int, str] = {}
    for name in _naming(rows):
        nameless = [row for row in rows if row.id not in found]
        for pk, value in _values(session, nameless, name).items():
            if value not in (None, ""):
                found[pk] = str(value)
    return {row.id: found.get(row.id, _numbered(row)) for row in rows}


def _naming(rows: list[Record]) -> list[str]:
    """The attributes that say what an object is called, the best first."""
    if not rows:
        return []
    model = type(rows[0])
    return [name for name in dict.fromkeys(("name", model.key, *model.nested[:1])) if name in model.attributes]


def _values(session: Session | None, rows: list[Record], name: str) -> dict[int, Any]:
    """The attribute `name` of each row by id; of a reference, the name of what it refers to."""
    if not rows:
        return {}
    attribute = rows[0].attributes[name]
    if attribute.is_reference:
        referred = {row.id: getattr(row, name) for row in rows}
        names = names_of(session, [target for target in referred.values() if target is not None])
        return {pk: names[target.id] for pk, target in referred.items() if target is not None}
    if attribute.expression:
        return evaluated(session, type(rows[0]), name, [row.id for row in rows]) if session else {}
    return {row.id: getattr(row, attribute.column) for row in rows}


def name_in(model: type[Record], face: JsonObject) -> str:
    """The same of an object that may be gone, as far as its write `face` tells."""
    shown = (face.get(name) for name in dict.fromkeys(("name", model.key, *model.nested)))
    told = next((str(value) for value in shown if value not in (None, "")), None)
    return told or f"{model.verbose_name} {face['id']}"


def home_in(model: type[Record], face: JsonObject) -> str:
    """The path of the list that an object is at home in (`Record.home`), be it gone, as its write `face` tells."""
    if model.elsewhere:
        column, path = model.elsewhere
        if face.get(next(name for name, each in model.attributes.items() if each.column == column)) is not None:
            return path
    return model.list_path()


def _numbered(row: Record) -> str:
    return f"{type(row).verbose_name} {row.id}"
