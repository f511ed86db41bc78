"""Following: a holder applies what its owners deliver, and keeps in touch with them."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, current_app
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.config import settings
from shared.db.database import database
from shared.http.errors import ServiceUnavailable
from shared.references import (
    catching_up,
    causes,
    client,
    delivering,
    facts,
    full_replicas,
    history,
    holding,
    invariants,
    memory,
    outbox,
    owning,
    past,
    recovering,
    replicas,
    setting_aside,
)
from shared.references.triggers import APPLYING
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record
from shared.telemetry import tracing

STALE_INTENT_SECONDS = 2
INTENTS = 500
# Notes of writes that follow each other go together: one call for many, and none while a client waits for the next.
GATHER_SECONDS = 0.3

log = logging.getLogger(__name__)


def receive(base: type[Record], owner: str, told: JsonObject) -> JsonObject:
    """Apply a delivery of `owner`, and tell our own holders what changed here because of it. Returns the answer.

    Applying it twice does no harm: it has each object as it is now, or says that it is gone. A delivery older than the
    last one is `outdated`, and nothing of it is applied. An object that cannot be applied is set aside, and this
    service is then among the `degraded`.
    """

    def apply(session: Session, how: setting_aside.How) -> tuple[bool, dict[str, int], bool]:
        session.execute(select(func.set_config(APPLYING, "true", True)))
        applied = _apply_all(session, base, owner, told, how)
        return applied, outbox.published(session), setting_aside.SOME in session.info

    with tracing.span(base.app, f"apply what {owner} tells"):
        applied, published, some_not = setting_aside.run(apply)
    history.wake()
    degraded = delivering.deliver_what_followed(base, published, told["seconds"]) if applied else set()
    degraded |= {base.app} if some_not else set()
    return {"outdated": not applied, "degraded": sorted(degraded)}


def _apply_all(session: Session, base: type[Record], owner: str, told: JsonObject, how: setting_aside.How) -> bool:
    known = memory.recognize(session, base, owner, told["incarnation"])
    if told["number"] <= known.delivered:
        return False
    for label, objects in told["changed"].items():
        target = base.models.get(label)
        if target is None or not target.replica or CONTRACTS[label].owner != owner:
            log.warning("%s tells of %s, which is not held here", owner, label)
            continue
        _apply(session, target, objects, told["deleted"][label], told.get("causes", []), how)
        if objects:
            facts.compare(session, target, objects[0].keys() - {"id"})
    memory.advance(session, base, owner, told["number"], delivered=told["number"])
    if known.delivered < told["acknowledged"]:
        memory.note(session, base, owner, memory.HOLDER)
    return True


def _apply(
    session: Session,
    target: type[Record],
    objects: list[JsonObject],
    gone: list[int],
    caused: list[JsonObject],
    how: setting_aside.How,
) -> None:
    """Make the replicas of `target` agree; a claim under way for one of them has to start anew.

    What follows from it here is on behalf of whoever `caused` it there.
    """
    told = {each["id"]: each for each in objects}
    holding.outdate_intents(session, target, [*told, *gone, owning.ALL])
    lost = memory.lost(session, target, [*told, *gone])
    keep = replicas.store if CONTRACTS[target.label].complete else replicas.refresh

    def apply(ids: list[int]) -> None:
        keep(session, target, [told[pk] for pk in ids if pk in told and pk not in lost])
        vanished = replicas.held(session, target, {pk for pk in ids if pk not in told} - lost)
        for cause, some in causes.parted(caused, target.label, vanished):
            history.begin(session, cause)
            replicas.drop(session, target, some)
        changed = invariants.breaking(session, target.label, [pk for pk in ids if pk in told])
        for cause, some in causes.parted(caused, target.label, changed):
            history.begin(session, cause)
            invariants.let_go(session, target.label, some)

    how(session, target, {*told, *gone}, apply)


def keep_in_touch(base: type[Record], owner: str) -> None:
    """Tell `owner` how far we are: it delivers what waits, and looks whether it lost anything. Raises ServiceDown."""
    with database().transaction() as session:
        known = memory.locked_position(session, base, owner)
    told = {
        "position": known.position,
        "incarnation": known.incarnation and str(known.incarnation),
        "facts": facts.wanted(base, owner),
    }
    answer = client.call(owner, "positions", told)
    with database().transaction() as session:
        known = memory.locked_position(session, base, owner)
        memory.advance(session, base, owner, known.position)
        for label, published in answer["published"].items():
            facts.publish(session, base.model_of(label), published)
        behind = known.delivered < answer["acknowledged"]
        if behind:
            memory.note(session, base, owner, memory.HOLDER)
    if behind or (known.position and not answer["known"]):
        recovering.claim_anew(base, owner)


def finish_claims(base: type[Record]) -> None:
    """Carry out what a process that died, or found the owner down, had begun to claim."""
    intents = base.metadata.tables["reference_intent"]
    age = func.clock_timestamp() - intents.c.created
    with database().reading() as connection:
        stale = connection.execute(
            select(intents.c.token, intents.c.label, intents.c.object_id)
            .where(func.extract("epoch", age) > STALE_INTENT_SECONDS)
            .order_by(intents.c.created)
            .limit(INTENTS)
        ).all()
    for label in {intent.label for intent in stale}:
        mine = [intent for intent in stale if intent.label == label]
        holding.settle(base.model_of(label), {intent.token for intent in mine}, {intent.object_id for intent in mine})


class Follower(threading.Thread):
    """The background thread: every few seconds it catches up on what was missed while something was down."""

    def __init__(self, app: Flask):
        super().__init__(name="follower", daemon=True)
        self.app = app
        self.claimed = self.mended = False
        self.woken = threading.Event()

    def wake(self) -> None:
        """Have what was noted here handed over soon."""
        self.woken.set()

    def run(self) -> None:
        due = time.monotonic()
        while True:
            with self.app.app_context():
                if time.monotonic() >= due:
                    self.turn()
                    due = time.monotonic() + settings.follow_seconds
                else:
                    self._try(history.hand_over, current_app.extensions["patchbay.base"])
            if self.woken.wait(max(due - time.monotonic(), 0)):
                time.sleep(GATHER_SECONDS)
                self.woken.clear()

    def turn(self) -> None:
        base = current_app.extensions["patchbay.base"]
        self._try(past.look, base)
        for owner in memory.owners(base):
            self._try(keep_in_touch, base, owner)
        self._try(delivering.pursue_waiting, base)
        self._try(history.adopt, base)
        self._try(history.hand_over, base)
        self.claimed = self.claimed or self._try(full_replicas.claim_all, base)
        self.mended = self.mended or self._try(invariants.mend)
        self._try(finish_claims, base)
        self._try(setting_aside.retry, base, holding.claim)
        self._try(catching_up.fetch, base)
        for chore in current_app.extensions["patchbay.background_tasks"]:
            self._try(chore)

    def _try(self, step: Callable[..., None], *args: Any) -> bool:
        """Nothing ends the follower: what failed is tried again on its next turn."""
        try:
            step(*args)
            return True
        except (client.ServiceDown, ServiceUnavailable, SQLAlchemyError) as error:
            log.info("following: %s: %s", step.__name__, type(error).__name__)
            return False
        except Exception:
            log.exception("following: %s", step.__name__)
            return False
