"""Recovering: after a holder or an owner came back from a backup, the holder claims anew what it holds."""

import time
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.db.database import database
from shared.references import holding, memory, owning
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record

PAGE = 1000
# Less than the gateway waits for a call between services.
SECONDS = 4.0


def remembered(session: Session, base: type[Record], owner: str) -> JsonObject:
    """What this holder knows of the past of `owner`: how far it was, and the highest id of each type."""
    known = memory.locked_position(session, base, owner)
    highest = {model.label: session.scalar(select(func.max(model.id))) for model in memory.replicas_of(base, owner)}
    return {
        "incarnation": known.incarnation and str(known.incarnation),
        "position": known.position,
        "highest": {label: pk for label, pk in highest.items() if pk},
    }


def recover(base: type[Record], owner: str, asked: JsonObject) -> JsonObject:
    """On behalf of `owner`, which lost what we remember: claim anew, a piece at a time; where to go on `after`."""
    with database().transaction() as session:
        memory.recognize(session, base, owner, asked["incarnation"])
        memory.note(session, base, owner, memory.OWNER)
    return {"after": claim_anew(base, owner, asked["after"], time.monotonic() + SECONDS)}


def claim_anew(
    base: type[Record], owner: str, after: list[Any] | None = None, until: float = float("inf")
) -> list[Any] | None:
    """Claim again all that we hold of `owner`, with its current facts; returns `[label, id]` where time ran out.

    Replicas of objects that it no longer has stay as they are. Raises ServiceUnavailable.
    """
    label, last = after or ["", 0]
    for target in memory.replicas_of(base, owner):
        if target.label < label:
            continue
        last = last if target.label == label else 0
        if CONTRACTS[target.label].complete:
            holding.claim(target, {owning.ALL})
            continue
        while ids := page(target, last):
            if time.monotonic() > until:
                return [target.label, last]
            holding.claim(target, set(ids))
            last = max(ids)
    return None


def page(target: type[Record], after: int) -> list[int]:
    """The ids of the next replicas that their owner may still have."""
    lost = target.metadata.tables["reference_lost"]
    gone = select(lost.c.object_id).where(lost.c.label == target.label)
    statement = select(target.id).where(target.id > after, target.id.not_in(gone)).order_by(target.id).limit(PAGE)
    with database().reading() as connection:
        return list(connection.scalars(statement))
