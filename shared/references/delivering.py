"""Delivering: after a commit the owner hands what changed to the holders, and waits until they show it.

The outbox has one entry for each holder and object, with a new number at every change. A delivery carries the newest
entries with their objects as they are now; what the holder has applied is taken out of the outbox, unless it changed
again. Deliveries are numbered in the order in which they were read, and a holder applies none that is older than its
last: so it does not matter which process delivers, how often, and what became of an earlier try.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from shared.db.database import database
from shared.http import budget
from shared.http.errors import ServiceUnavailable
from shared.references import client, outbox
from shared.references.single_flight import SingleFlight
from shared.schema.models import Record
from shared.telemetry import tracing
from shared.telemetry.origin import carried

# A writer waits this long for a holder that does not answer, and this long for one that did not before.
SECONDS = 7.0
AWAY_SECONDS = 0.3
# Whoever took the call may have stopped: the next try goes to who takes new connections.
TRY_SECONDS = 2.5
PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
_OWN_TROUBLE = (SQLAlchemyError, ServiceUnavailable)

log = logging.getLogger(__name__)


class Delivery(NamedTuple):
    """What became of one: whether it was the whole outbox of the holder, else down to which entry.

    `degraded` are holders of the holder that could not be told what followed from it.
    """

    whole: bool
    lowest: int = 0
    degraded: frozenset[str] = frozenset()


NOTHING = Delivery(True)

_flights: dict[tuple[str, str], SingleFlight[Delivery]] = defaultdict(SingleFlight)
_away: set[tuple[str, str]] = set()
_pursued: set[tuple[str, str]] = set()
_pursuing = threading.Condition()


def deliver(base: type[Record], entries: dict[str, int], seconds: float = SECONDS, alone: bool = False) -> set[str]:
    """Have the holders apply their `entries` (`{holder: first entry}`); returns those that could not be told in time.

    They are told as soon as they answer. `alone` shares no delivery with others, who may be waiting for the caller.
    Raises ServiceUnavailable if our own database fails.
    """
    until = time.monotonic() + seconds
    found: list[set[str]] = _in_parallel(
        lambda holder: _deliver(base, holder, entries[holder], until, alone), sorted(entries)
    )
    return set().union(*found)


def deliver_what_followed(base: type[Record], entries: dict[str, int], seconds: float) -> set[str]:
    """The same after a delivery was applied, within the `seconds` that its owner waits.

    With its `entries` go those that followed from another, for holders that answer: who began to deliver them may be
    gone, and the owner deliver once more. What clients of ours wrote meanwhile is not waited for: two services that
    wait for all of each other's changes would each hold up the other.
    """
    with database().reading() as connection:
        followed = outbox.waiting(connection, base, followed=True)
    others = {holder: 0 for holder in followed if (base.app, holder) not in _pursued}
    return deliver(base, others | entries, max(budget.left(seconds) - PAUSE_SECONDS, 0), alone=True)


def deliver_waiting_for(base: type[Record], holder: str) -> None:
    """What `holder`, which is asking, has missed."""
    with database().reading() as connection:
        missed = holder in outbox.waiting(connection, base)
    _returned(base.app, holder)
    if missed:
        deliver(base, {holder: 0}, TRY_SECONDS, alone=True)


def deliver_all(base: type[Record], seconds: float = TRY_SECONDS) -> set[str]:
    """Have every holder apply what it has yet to hear of; returns those that could not be told in time."""
    with database().reading() as connection:
        holders = outbox.waiting(connection, base)
    return deliver(base, dict.fromkeys(holders, 0), seconds, alone=True)


def _in_parallel(work: Callable[[str], set[str]], items: list[str]) -> list[set[str]]:
    """`work(item)` of each of `items`: the first in this thread, each other in one of its own."""
    if len(items) <= 1:
        return [work(each) for each in items]
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def in_context(item: str) -> set[str]:
        with app.app_context():
            return work(item)

    with ThreadPoolExecutor(max_workers=len(items) - 1) as pool:
        others = pool.map(carried(in_context), items[1:])
        return [work(items[0]), *others]


def _deliver(base: type[Record], holder: str, first: int, until: float, alone: bool) -> set[str]:
    """Deliver until everything from the entry `first` on has arrived; returns who could not be told."""
    key = base.app, holder
    with _pursuing:
        if not _pursuing.wait_for(lambda: key not in _away, min(AWAY_SECONDS, max(until - time.monotonic(), 0))):
            return {holder}
    degraded: set[str] = set()
    failed = False
    while True:
        try:
            done = _once(base, holder, until, alone, failed)
        except client.ServiceDown:
            failed = True
        except _OWN_TROUBLE as error:
            if time.monotonic() > until or budget.is_over():
                raise ServiceUnavailable("It was done, but others could not be told yet.") from error
            failed = True
        else:
            degraded |= done.degraded
            if done.whole or 0 < done.lowest <= first:
                return degraded
        nobody_waits = budget.is_over()
        if nobody_waits or time.monotonic() > until:
            _pursue(base, holder, away=not nobody_waits)
            return degraded | {holder}
        if failed:
            time.sleep(PAUSE_SECONDS)


def _once(base: type[Record], holder: str, until: float, alone: bool, fresh: bool) -> Delivery:
    seconds = max(min(until - time.monotonic(), TRY_SECONDS), PAUSE_SECONDS)
    if alone:
        return _try(base, holder, seconds, fresh)
    return _flights[base.app, holder].do(lambda: _try(base, holder, seconds, fresh))


def _try(base: type[Record], holder: str, seconds: float, fresh: bool) -> Delivery:
    """One delivery of the newest entries. Raises ServiceDown."""
    number, entries, content = database().run(lambda session: outbox.read(session, base, holder))
    if not entries:
        return NOTHING
    told = {"number": number, "seconds": seconds - 2 * PAUSE_SECONDS, **content}
    with tracing.span(base.app, f"deliver to {holder}", attributes={"patchbay.entries": len(entries)}):
        answer = client.call(holder, "changes", told, seconds, fresh)
    if answer["outdated"]:
        return Delivery(False)
    database().run(lambda session: outbox.acknowledge(session, base, holder, number, entries))
    return Delivery(len(entries) < outbox.BATCH, min(entries), frozenset(answer["degraded"]))


def pursue_waiting(base: type[Record]) -> None:
    """Deliver in the background what nobody waits for any more."""
    with database().reading() as connection:
        holders = outbox.waiting(connection, base)
    for holder in holders:
        _pursue(base, holder, away=False)


def _pursue(base: type[Record], holder: str, away: bool = True) -> None:
    """Deliver to a holder in a thread of its own until nothing is left; writers do not wait for one that is `away`."""
    key = base.app, holder
    with _pursuing:
        if away:
            _away.add(key)
        if key in _pursued:
            return
        _pursued.add(key)
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    threading.Thread(target=_run_pursuit, args=(app, base, holder), daemon=True).start()


def _returned(owner: str, holder: str) -> None:
    """Called when a holder answers again: from now on writers wait for it as for any other."""
    with _pursuing:
        _away.discard((owner, holder))
        _pursuing.notify_all()


def _run_pursuit(app: Flask, base: type[Record], holder: str) -> None:
    key = base.app, holder
    pause = PAUSE_SECONDS
    with app.app_context():
        while True:
            try:
                done = _once(base, holder, time.monotonic() + TRY_SECONDS, False, pause > PAUSE_SECONDS)
            except (client.ServiceDown, *_OWN_TROUBLE):
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                continue
            except Exception:
                log.exception("delivering to %s", holder)
                time.sleep(LONGEST_PAUSE_SECONDS)
                continue
            pause = PAUSE_SECONDS
            _returned(*key)
            with _pursuing:
                if done.whole:
                    _pursued.discard(key)
                    return
