"""What objects are called where others speak of them: in a 409, in recent activity, in a message about a conflict."""

from typing import Any

from sqlalchemy.orm import Session

from shared import JsonObject
from shared.schema.computed_values import evaluated
from shared.schema.models import Attribute, Record


def described(session: Session, rows: list[Record]) -> list[JsonObject]:
    """{type, id, path, name} of each of the stored `rows`, all of one type; one statement at most for them all."""
    names = names_of(session, rows)
    return [{"type": row.label, "id": row.id, "path": f"{row.home()}{row.id}/", "name": names[row.id]} for row in rows]


def names_of(session: Session, rows: list[Record]) -> dict[int, str]:
    """The name of each of the stored `rows`, all of one type: its own, else what stands for it, else type and id.

    What stands for an object is what its nested face shows first: the display name of a device without a name, the
    master of a chassis.
    """
    found: dict[int, str] = {}
    for name in _naming(rows):
        nameless = [row for row in rows if row.id not in found]
        for pk, value in _values(session, nameless, name).items():
            if value not in (None, ""):
                found[pk] = str(value)
    return {row.id: found.get(row.id, f"{row.verbose_name} {row.id}") for row in rows}


def _naming(rows: list[Record]) -> list[str]:
    if not rows:
        return []
    model = type(rows[0])
    return [name for name in dict.fromkeys(("name", model.key, *model.nested[:1])) if name in model.attributes]


def _values(session: Session, rows: list[Record], name: str) -> dict[int, Any]:
    """The attribute `name` of each row by id; of a reference, the name of what it refers to."""
    if not rows:
        return {}
    attribute: Attribute = rows[0].attributes[name]
    if attribute.is_reference:
        referred = {row.id: getattr(row, name) for row in rows}
        targets = [target for target in referred.values() if target is not None]
        names = names_of(session, targets)
        return {pk: names[target.id] for pk, target in referred.items() if target is not None}
    if attribute.expression:
        return evaluated(session, type(rows[0]), name, [row.id for row in rows])
    return {row.id: getattr(row, attribute.column) for row in rows}
