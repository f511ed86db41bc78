"""The holder's side: the objects a write refers to, locked, and claimed from their owner if not yet held."""

import uuid
from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.orm import Session

from shared.db.database import database
from shared.http.context import context
from shared.http.errors import ServiceUnavailable
from shared.references import client, facts, finding, invariants, memory, owning, replicas, setting_aside
from shared.references.owning import among
from shared.schema import parsing
from shared.schema.changes import Change
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record
from shared.telemetry import tracing

T = TypeVar("T")
ATTEMPTS = 4


class NotHeld(Exception):
    """A write refers to `objects` (`{label: ids}`) that are yet to be claimed, or `sought` (`{label: texts}`)."""

    def __init__(self, objects: dict[str, set[int]], sought: dict[str, set[str]] | None = None):
        super().__init__(objects, sought)
        self.objects, self.sought = objects, sought or {}


def claiming(base: type[Record], write: Callable[[], T]) -> T:
    """The result of `write()`, run again after what it found to be missing is claimed. Raises ServiceUnavailable.

    Claims are made between two runs, so that no lock and no connection is held while another service is asked.
    """
    wanted: dict[str, set[int]] = {}
    for _ in range(ATTEMPTS):
        try:
            return write()
        except NotHeld as missing:
            for label in sorted({*missing.objects, *missing.sought}):
                claim(base.model_of(label), missing.objects.get(label, set()), missing.sought.get(label, ()))
            wanted = missing.objects
    if setting_aside.is_set_aside(base, wanted):
        raise ServiceUnavailable("What this refers to is in a form that this release of the service cannot keep.")
    raise ServiceUnavailable("What this refers to is changing too fast.")


def fetch(session: Session, model: type[Record], changes: list[Change]) -> dict[str, dict[int, Any]]:
    """`{label: {id: object}}` for all that the changes refer to, kept from being deleted until the transaction ends.

    An unknown id fails the change it is in. Raises NotHeld.
    """
    sought = finding.identify(session, model, changes)
    wanted: dict[str, set[int]] = {}
    for change, attribute in finding.references_of(model, changes):
        wanted.setdefault(attribute.field.target, set()).update(finding.ids_of(change, attribute))
    found = hold(session, model, wanted, sought)
    for change, attribute in finding.references_of(model, changes):
        for pk in finding.ids_of(change, attribute):
            if pk not in found[attribute.field.target]:
                change.fail(parsing.unknown_pk(pk), attribute.name)
    return found


def hold(
    session: Session, base: type[Record], wanted: dict[str, set[int]], sought: dict[str, set[str]] | None = None
) -> dict[str, dict[int, Any]]:
    """Those of the objects `wanted` (`{label: ids}`) that exist, kept until the transaction ends.

    Raises NotHeld for what is to be claimed, or `sought`.
    """
    found = {label: _lock(session, base.model_of(label), wanted[label]) for label in sorted(wanted)}
    missing = {label: _unheld(base.model_of(label), wanted[label] - found[label].keys()) for label in wanted}
    if sought or any(missing.values()):
        raise NotHeld({label: ids for label, ids in missing.items() if ids}, sought)
    return found


def claim(target: type[Record], ids: set[int], sought: Collection[str] = ()) -> set[int]:
    """Ask the owner for the replicas of `ids` and store those that exist; returns what held. Raises ServiceUnavailable.

    What is meant by the attributes `sought` the owner finds on this occasion; its id is claimed in a further call if it
    is not held already.

    The intent is written first: if this process dies before the answer is stored, the follower claims once more, so
    the owner never keeps a claim for a replica that does not exist. An owner that refuses keeps none.
    """
    token = uuid.uuid4()
    rows = [{"token": token, "label": target.label, "object_id": pk} for pk in sorted(ids)]
    if rows:
        database().run(lambda session: session.execute(insert(_intents(target)), rows))
    try:
        return settle(target, {token}, ids, sought)
    except client.CallRefused as refused:
        database().run(
            lambda session: session.execute(delete(_intents(target)).where(_intents(target).c.token == token))
        )
        raise ServiceUnavailable(f"{refused} It was asked to check a reference.") from refused
    except client.ServiceDown as down:
        raise ServiceUnavailable(f"{down} It is needed to check a reference.") from down


def settle(target: type[Record], tokens: set[uuid.UUID], ids: set[int], sought: Collection[str] = ()) -> set[int]:
    """Carry out the intents `tokens`, which ask for `ids`; returns those that still held. Raises ServiceDown.

    What a delivery touched, or a release let go, since the intent was written is not stored: the answer may be older.
    Nor is what still stands for an object that its owner lost.
    """
    owner = CONTRACTS[target.label].owner
    asked = {
        "label": target.label,
        "ids": sorted(ids),
        "facts": CONTRACTS[target.label].kept,
        "restricting": bool(replicas.protecting(target)),
    }
    with tracing.span(target.base.app, f"claim from {owner}", attributes={"patchbay.objects": len(ids)}):
        answer = client.call(owner, "claims", {**asked, "sought": sorted(sought)} if sought else asked)
    if sought and "found" not in answer:
        raise ServiceUnavailable(f"The {owner} service does not find objects by their attributes yet.")
    context().found.update({(target.label, text): each for text, each in answer.get("found", {}).items()})
    intents = _intents(target)

    objects = {each["id"]: each for each in answer["objects"]}

    def finish(session: Session, how: setting_aside.How) -> tuple[set[int], set[int]]:
        memory.recognize(session, target.base, owner, answer["incarnation"])
        memory.advance(session, target.base, owner, answer["position"])
        mine = (intents.c.token.in_(tokens), intents.c.label == target.label, among(intents.c.object_id, ids))
        valid = set(session.scalars(delete(intents).where(*mine).returning(intents.c.object_id)))
        if owning.ALL in valid:
            replicas.complete(session, target, objects.keys())
        wanted = objects.keys() if owning.ALL in valid else objects.keys() & valid
        existing = wanted - _still_lost(session, target, valid)

        def store(ids: list[int]) -> None:
            replicas.store(session, target, [objects[pk] for pk in ids])
            invariants.let_go(session, target.label, ids)

        how(session, target, existing, store)
        facts.compare(session, target, answer["published"])
        return valid, existing

    valid, existing = setting_aside.run(finish)
    _known_absent().update((target.label, pk) for pk in valid - existing - {owning.ALL})
    return valid


def _still_lost(session: Session, target: type[Record], ids: set[int]) -> set[int]:
    """Those of the replicas `ids` that stand for a lost object; one that nothing refers to does no more."""
    lost = memory.lost(session, target, ids)
    free = lost - replicas.referred(session, target, lost)
    memory.drop_lost(session, target, free)
    return lost - free


def outdate_intents(session: Session, target: type[Record], ids: Iterable[int]) -> None:
    """Ensures that no answer which is under way for `ids` is stored. To be called before the replicas are touched.

    The intents stay, with tokens that nobody waits for: the owner may have recorded a claim already. If the process
    that made it does not repeat it, the follower does.
    """
    intents = _intents(target)
    mine = (intents.c.label == target.label, among(intents.c.object_id, ids))
    in_order = select(intents.c.token).where(*mine).order_by(intents.c.token, intents.c.object_id)
    session.execute(in_order.with_for_update())
    session.execute(update(intents).where(*mine).values(token=func.gen_random_uuid()))


def _intents(target: type[Record]) -> Table:
    return target.metadata.tables["reference_intent"]


def _lock(session: Session, target: type[Any], ids: set[int]) -> dict[int, Any]:
    if not ids:
        return {}
    statement = select(target).where(target.id.in_(ids)).order_by(target.id)
    if target.replica:
        statement = statement.where(~target.released)
    return {each.id: each for each in session.scalars(statement.with_for_update(read=True, key_share=True))}


def _unheld(target: type[Record], ids: set[int]) -> set[int]:
    """Those of `ids` whose owner has not said in this request that they do not exist."""
    return {pk for pk in ids if (target.label, pk) not in _known_absent()} if target.replica else set()


def _known_absent() -> set[tuple[str, int]]:
    return context().absent
