"""Releases: before an owner deletes what others refer to, each of them agrees and takes no new references."""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.references.holding import outdate_intents
from shared.references.owning import among
from shared.references.replicas import protecting
from shared.schema.models import Record
from shared.schema.naming import names_of

FIRST = 50


def release(session: Session, base: type[Record], wanted: dict[str, list[int]]) -> list[JsonObject]:
    """Release the replicas `wanted` (`{label: ids}`); returns the dependents that forbid it.

    A released replica stays until its owner says that the object is gone, but must be claimed again before a new
    reference to it; that claim waits for the owner's transaction. The replica is locked first, so that references which
    are being made are waited for. Intents are outdated, so that a claim which the owner answered before its transaction
    began starts anew.
    """
    dependents: list[JsonObject] = []
    for label, ids in sorted(wanted.items()):
        target = base.model_of(label)
        outdate_intents(session, target, ids)
        session.execute(select(target.id).where(target.id.in_(ids)).order_by(target.id).with_for_update())
        dependents += referring(session, target, ids, FIRST - len(dependents))
    if not dependents:
        for label, ids in wanted.items():
            target = base.model_of(label)
            session.execute(update(target).where(target.id.in_(ids)).values(released=True))
    return dependents


def referring(
    session: Session,
    target: type[Record],
    ids: Iterable[int],
    limit: int,
    going: Mapping[str, Collection[int]] = MappingProxyType({}),
) -> list[JsonObject]:
    """The first `limit` rows of this service that protect one of the `target`s `ids`, but for those `going`.

    `path` becomes the url of a dependent where the client's address is known.
    """
    found: list[JsonObject] = []
    for model, key in protecting(target):
        if len(found) < limit:
            stay = ~among(model.id, going.get(model.label, ()))
            statement = select(model).where(key.in_(ids), stay).order_by(model.id).limit(limit - len(found))
            found += dependents(session, list(session.scalars(statement)))
    return found


def dependents(session: Session, rows: list[Record]) -> list[JsonObject]:
    """How `rows`, all of one type, are named in a 409: `path` becomes the url where the client's address is known."""
    names = names_of(session, rows)
    return [{"type": row.label, "id": row.id, "path": f"{row.home()}{row.id}/", "name": names[row.id]} for row in rows]
