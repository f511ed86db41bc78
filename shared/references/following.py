"""Following: a holder pulls what its owners have for it and applies it to its replicas."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from flask import Flask, current_app
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.config import settings
from shared.db.database import database
from shared.http.errors import ServiceUnavailable
from shared.references import activity, client, full_replicas, holding, owning
from shared.references.single_flight import SingleFlight
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record

STALE_INTENT_SECONDS = 2
# Notes of writes that follow each other go together: one call for many, and none while a client waits for the next.
GATHER_SECONDS = 0.3

_flights: dict[tuple[str, str], SingleFlight] = defaultdict(SingleFlight)

log = logging.getLogger(__name__)


def owners(base: type[Record]) -> list[str]:
    """The services that this one refers to."""
    return sorted({CONTRACTS[model.label].owner for model in base.replicas()})


def pull(base: type[Record], owner: str) -> None:
    """Apply all that `owner` has for this service. Raises ServiceDown.

    Entries are acknowledged after they are applied, and applying them twice does no harm: each carries the object as
    it is now, or says that it is gone.
    """
    _flights[base.app, owner].do(lambda: _pull(base, owner))
    owning.notify(base)


def _pull(base: type[Record], owner: str) -> None:
    acknowledged: list[int] = []
    while True:
        with database().transaction() as session:
            acknowledged = _pull_once(session, base, owner, acknowledged)
        if not acknowledged:
            return


def _pull_once(session: Session, base: type[Record], owner: str, acknowledged: list[int]) -> list[int]:
    """Apply one batch; returns its entries.

    The lock is held from before the owner is asked until what it said is applied, so that no other process can apply
    something newer in between.
    """
    position = locked_position(session, base, owner)
    complete = [model.label for model in base.replicas() if CONTRACTS[model.label].complete]
    asked = {"position": position, "acknowledged": acknowledged, "complete": complete}
    news = client.call(owner, "feed", asked)
    for label, objects in news["changed"].items():
        _apply(session, base.model_of(label), objects, news["deleted"][label])
    _advance(session, base, owner, max([position, *news["entries"]]), news["restored"])
    entries: list[int] = news["entries"]
    return entries


def _apply(session: Session, target: type[Record], objects: list[JsonObject], gone: list[int]) -> None:
    """Make the replicas of `target` agree; a claim under way for one of them has to start anew."""
    holding.outdate_intents(session, target, [each["id"] for each in objects] + gone + [owning.ALL])
    if CONTRACTS[target.label].complete:
        holding.store(session, target, objects)
    else:
        for facts in objects:
            session.execute(update(target).where(target.id == facts["id"]).values(facts))
    drop(session, target, gone)


def drop(session: Session, target: type[Record], gone: list[int]) -> None:
    """Delete the replicas `gone`, unless one is protected: no release allowed that, so only a restored backup can."""
    unprotected = [~exists().where(key == target.id) for _, key in holding.protecting(target)]
    session.execute(delete(target).where(target.id.in_(gone), *unprotected))
    if dangling := session.scalars(select(target.id).where(target.id.in_(gone))).all():
        log.error("%s %s are gone but still referred to: see `patchbay audit`", target.label, dangling)


def locked_position(session: Session, base: type[Record], owner: str) -> int:
    """The highest entry of the owner's outbox that was seen here, locked."""
    positions = base.metadata.tables["reference_position"]
    session.execute(postgresql.insert(positions).values(owner=owner, position=0).on_conflict_do_nothing())
    seen: int = session.scalars(select(positions.c.position).where(positions.c.owner == owner).with_for_update()).one()
    return seen


def _advance(session: Session, base: type[Record], owner: str, position: int, restored: str | None) -> None:
    positions = base.metadata.tables["reference_position"]
    new = {"position": position, "pulled": func.clock_timestamp()}
    if restored:
        new["restored"] = restored
        log.error("the %s (%s) is behind what the other side remembers: see `patchbay audit`", restored, owner)
    session.execute(update(positions).where(positions.c.owner == owner).values(new))


def finish_claims(base: type[Record]) -> None:
    """Carry out what a process that died, or found the owner down, had begun to claim."""
    intents = base.metadata.tables["reference_intent"]
    age = func.clock_timestamp() - intents.c.created
    with database().reading() as connection:
        stale = connection.execute(
            select(intents.c.token, intents.c.label, intents.c.object_id)
            .where(func.extract("epoch", age) > STALE_INTENT_SECONDS)
            .order_by(intents.c.created)
            .limit(owning.BATCH)
        ).all()
    for label in {intent.label for intent in stale}:
        mine = [intent for intent in stale if intent.label == label]
        holding.settle(base.model_of(label), {intent.token for intent in mine}, {intent.object_id for intent in mine})


class Follower(threading.Thread):
    """Pulls from every owner every few seconds: what a nudge did not bring, because something was down."""

    def __init__(self, app: Flask) -> None:
        super().__init__(name="follower", daemon=True)
        self.app = app
        self.claimed = False
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
                    self._try(activity.hand_over, current_app.extensions["patchbay.base"])
            if self.woken.wait(max(due - time.monotonic(), 0)):
                time.sleep(GATHER_SECONDS)
                self.woken.clear()

    def turn(self) -> None:
        base = current_app.extensions["patchbay.base"]
        self._try(activity.hand_over, base)
        self.claimed = self.claimed or self._try(full_replicas.claim_all, base)
        for owner in owners(base):
            self._try(pull, base, owner)
        self._try(finish_claims, base)
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
