"""Lines that say what is so already: what an object shows, or the same in other words (`yes` for `true`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from shared import JsonObject
from shared.api import writing
from shared.api.csv.columns import Column
from shared.api.csv.reading import Reading
from shared.api.csv.writing import of_objects
from shared.api.resource import Resource
from shared.custom_fields import input as custom_field_input
from shared.references import holding
from shared.schema.changes import Change


def lines(
    session: Session,
    resource: Resource,
    columns: Sequence[Column | None],
    readings: Sequence[Reading],
    found: Mapping[int, Any],
) -> set[int]:
    """The numbers of those of `readings` that change nothing of the objects `found`, which they are about.

    Only cells that are not what is shown are looked into: what an object has already may be nothing that it could get.
    Raises NotHeld.
    """
    sound = [each for each in readings if not each.errors]
    if not sound:
        return set()
    shown = [each for each in columns if each and (each.attribute is None or each.attribute.readable)]
    now = of_objects(session.connection(), resource, [each.id for each in sound], shown)
    changes = [Change(found[each.id], _otherwise(each, columns, now[each.id]), creating=False) for each in sound]
    for change in changes:
        writing.load(resource, change, partial=True)
    holding.fetch(session, resource.model, changes)
    custom_field_input.check(session, resource.model, [each for each in changes if "custom_fields" in each.sent])
    told = zip(sound, changes, strict=True)
    return {each.line.number for each, change in told if not change.errors and writing.is_so(resource, change)}


def _otherwise(reading: Reading, columns: Sequence[Column | None], now: Mapping[str, str]) -> JsonObject:
    """What a line says of the attributes that it does not write as they are shown `now`, or that are not shown."""
    told = zip(reading.cells.values(), columns, strict=True)
    names = {each.attribute.name for cell, each in told if each and each.attribute and now.get(each.heading) != cell}
    return {name: value for name, value in reading.body.items() if name in names}
