"""Deleting: what goes along, what forbids it here, and who else has to agree."""

from typing import Any

from sqlalchemy import Column, delete, select
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.api.resource import Resource
from shared.http.errors import Protected, ServiceUnavailable
from shared.http.responses import base_url
from shared.references import client, history, owning, releasing
from shared.references.history_functions import DELETED
from shared.schema.models import Record


def delete_objects(session: Session, resource: Resource, targets: list[Any], asking: bool = True) -> None:
    """Delete `targets`, which are locked rows, and note that they were named.

    Other services are not asked unless `asking`: for a trial, which is taken back. Raises Protected,
    ServiceUnavailable, and what the hooks of the resource raise.
    """
    if not targets:
        return
    for hook in resource.on_delete:
        hook(session, targets)
    history.note(session, resource.model, DELETED, targets)  # before their names are gone
    remove(session, resource.model, {target.id for target in targets}, asking)


def remove(session: Session, model: type[Record], ids: set[int], asking: bool = True) -> None:
    """Delete the locked rows `ids` and all that goes along. Raises Protected, ServiceUnavailable."""
    rows = cascade_closure(session, model, ids)
    dependents = _dependents_here(session, model, rows)
    dependents += _release_elsewhere(session, model, rows) if asking and not dependents else []
    if dependents:
        shown = [_with_url(each) for each in dependents[: releasing.FIRST]]
        which = f"This {model.verbose_name} is" if len(ids) == 1 else f"Some of these {model.verbose_name}s are"
        raise Protected(f"{which} still referred to.", shown)
    session.execute(delete(model).where(owning.among(model.id, ids)))


def cascade_closure(session: Session, model: type[Record], ids: set[int]) -> dict[str, set[int]]:
    """`{label: ids}`: the rows that a delete of the locked rows `ids` takes along by cascade, themselves included.

    Each row is locked before its dependents are looked up, so that no row can be added below it meanwhile.
    """
    found: dict[str, set[int]] = {}
    front = {model.label: ids}
    while front:
        following: dict[str, set[int]] = {}
        for label, fresh in front.items():
            found.setdefault(label, set()).update(fresh)
            for child, key in _cascading(model.model_of(label)):
                rows = select(child.id).where(key.in_(fresh)).order_by(child.id).with_for_update()
                below = set(session.scalars(rows)) - found.get(child.label, set())
                if below:
                    following.setdefault(child.label, set()).update(below)
        front = following
    return found


def _cascading(target: type[Record]) -> list[tuple[type[Record], Column[Any]]]:
    """The (model, column) pairs whose rows go with a `target`."""
    return [
        (model, key.parent)
        for model in target.models.values()
        for key in model.__table__.foreign_keys
        if key.column.table is target.__table__ and key.ondelete == "CASCADE"
    ]


def _dependents_here(session: Session, model: type[Record], rows: dict[str, set[int]]) -> list[JsonObject]:
    """Rows of this service that protect one of `rows` and are not deleted together with them."""
    found = []
    for label, ids in rows.items():
        found += releasing.referring(session, model.model_of(label), ids, releasing.FIRST, going=rows)
    return found


def _release_elsewhere(session: Session, model: type[Record], rows: dict[str, set[int]]) -> list[JsonObject]:
    """Ask every service that holds a protecting claim to let go. Raises ServiceUnavailable when one does not answer."""
    asked = owning.restricting_claims(session, model, rows)
    answers = client.call_all({service: ("releases", wanted) for service, wanted in asked.items()})
    for answer in answers.values():
        if isinstance(answer, client.ServiceDown):
            raise ServiceUnavailable(f"{answer} It refers to this {model.verbose_name}, so nothing was deleted.")
    return [dependent for service in sorted(answers) for dependent in answers[service]["dependents"]]


def _with_url(dependent: JsonObject) -> JsonObject:
    path = dependent["path"]
    kept = {name: value for name, value in dependent.items() if name != "path"}
    return {"type": kept["type"], "id": kept["id"], "url": base_url() + path, "name": kept["name"]}
