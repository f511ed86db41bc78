"""The states of objects as the change log tells them, compared and written back.

A state is a write face. Where names of attributes are told, a custom field is one of its own: `custom_fields.floor`.
"""

from collections.abc import Iterable, Sequence

from shared import JsonObject
from shared.api.resource import Resource
from shared.references.history_functions import NAME_LENGTH
from shared.schema.models import Record
from shared.schema.naming import home_in, name_in

CUSTOM = "custom_fields"


def writable(resource: Resource, face: JsonObject) -> JsonObject:
    """What of a state can be written, by name."""
    found: JsonObject = {}
    for name, value in face.items():
        attribute = resource.attributes.get(name)
        if attribute is None or not attribute.writable or attribute.field.dump_only:
            continue
        if name == CUSTOM:
            found |= {f"{CUSTOM}.{field}": each for field, each in value.items()}
        else:
            found[name] = value
    return found


def body_of(values: JsonObject) -> JsonObject:
    """What is sent to write `values`."""
    body: JsonObject = {}
    for name, value in values.items():
        outer, _, inner = name.partition(".")
        if inner:
            body.setdefault(outer, {})[inner] = value
        else:
            body[name] = value
    return body


def differing(values: JsonObject, others: JsonObject) -> list[str]:
    """The names of those `values` that `others` have not; what is missing there is null."""
    return [name for name, value in values.items() if others.get(name) != value]


def resource_of(resources: Iterable[Resource], model: type[Record], face: JsonObject) -> Resource | None:
    """The resource by which an object in this state is written; None where there is none."""
    home = home_in(model, face)
    mine = (each for each in resources if each.model is model and "POST" in each.methods)
    return next((each for each in mine if each.list_path() == home), None)


def conflict(model: type[Record], pk: int, face: JsonObject, detail: str, field: str = "") -> JsonObject:
    """What is in the way of an undo: of which object, of which of its attributes (or of none), and why."""
    named = {"type": model.label, "id": pk, "path": f"{home_in(model, face)}{pk}/"}
    return {**named, "name": name_in(model, {**face, "id": pk})[:NAME_LENGTH], "field": field, "detail": detail}


def names(changed: Sequence[str]) -> str:
    return ", ".join(changed)
