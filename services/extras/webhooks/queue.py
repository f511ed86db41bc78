"""The queue of deliveries: what is due for which receiver, who has taken it, and what became of it.

Who takes a delivery has it for `TAKEN_SECONDS`; of a process that died others take it after that. Of one object a
receiver is told in the order of its changes: the next is taken once the one before is delivered, dropped or set aside.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, text
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from services.extras.webhooks import schedule
from services.extras.webhooks.sending import Outcome
from shared import JsonObject

PENDING, DELIVERED, FAILED = 1, 2, 3
# Longer than a request may take (delivering.py).
TAKEN_SECONDS = 15.0
STEP = 5000

# Of a webhook that is disabled only tests are sent.
_OPEN = "status = 1 AND due <= clock_timestamp() AND (taken_until IS NULL OR taken_until < clock_timestamp())"
_WANTED = "(w.enabled OR d.object_id IS NULL)"
_RESTED = "(w.resting_until IS NULL OR w.resting_until <= clock_timestamp())"
_DUE = text(
    f"SELECT w.id FROM extras_webhook AS w WHERE {_RESTED} AND EXISTS (SELECT FROM extras_webhookdelivery AS d"
    f" WHERE d.webhook_id = w.id AND {_OPEN} AND {_WANTED})"
)
_TAKE = text(
    f"""
    WITH taken AS (
      SELECT d.id FROM extras_webhookdelivery AS d JOIN extras_webhook AS w ON w.id = d.webhook_id
      WHERE d.webhook_id = :webhook AND {_RESTED} AND {_OPEN} AND {_WANTED} AND NOT EXISTS (
        SELECT FROM extras_webhookdelivery AS e
        WHERE (e.webhook_id, e.object_type, e.object_id) = (d.webhook_id, d.object_type, d.object_id)
          AND e.status = 1 AND e.id < d.id)
      ORDER BY d.id LIMIT :most FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE extras_webhookdelivery AS d
    SET taken_until = clock_timestamp() + make_interval(secs => :seconds), attempts = attempts + 1,
        last_attempt = clock_timestamp()
    FROM taken, extras_webhook AS w WHERE d.id = taken.id AND w.id = d.webhook_id
    RETURNING d.id, d.event_id, d.payload, d.attempts, d.taken_until, w.payload_url, w.http_content_type,
      w.signing_secret, w.ssl_verification, extract(epoch FROM clock_timestamp() - d.created)::float AS age
    """
)
_RECORD = text(
    """
    UPDATE extras_webhookdelivery AS d
    SET status = told.status, response_status = told.response_status, error = told.error, taken_until = NULL,
        due = clock_timestamp() + make_interval(secs => told.wait)
    FROM jsonb_to_recordset(CAST(:told AS jsonb))
      AS told(id integer, taken_until timestamptz, status integer, response_status integer, error text, wait float)
    WHERE d.id = told.id AND d.taken_until = told.taken_until
    """
)
_ANSWERS = text(
    "UPDATE extras_webhook SET failures = 0, failing_since = NULL, resting_until = NULL WHERE id = :webhook"
    " AND failures > 0"
)
_REST = text(
    "UPDATE extras_webhook SET failures = failures + 1, failing_since = coalesce(failing_since, clock_timestamp()),"
    " resting_until = clock_timestamp() + make_interval(secs => :seconds) WHERE id = :webhook"
)
_FAILURES = text("SELECT failures FROM extras_webhook WHERE id = :webhook FOR NO KEY UPDATE")
# Of a receiver that has not answered for so long not all was tried so often.
_SET_ASIDE = text(
    """
    UPDATE extras_webhookdelivery SET status = 3, error = 'it has not answered for three days'
    WHERE id IN (
      SELECT d.id FROM extras_webhookdelivery AS d JOIN extras_webhook AS w ON w.id = d.webhook_id
      WHERE d.webhook_id = :webhook AND d.status = 1 AND d.created < clock_timestamp() - make_interval(secs => :seconds)
        AND w.failing_since < clock_timestamp() - make_interval(secs => :seconds) ORDER BY d.id LIMIT :step)
    """
)
_FORGET = text(
    "DELETE FROM extras_webhookdelivery WHERE id IN (SELECT id FROM extras_webhookdelivery"
    " WHERE created < clock_timestamp() - make_interval(days => :days) AND status <> 1 ORDER BY created LIMIT :step)"
)
_REPEAT = text(
    "UPDATE extras_webhookdelivery SET status = 1, attempts = 0, due = clock_timestamp() WHERE id = :delivery"
)
_DROP = text("DELETE FROM extras_webhookdelivery WHERE webhook_id = :webhook")
_ASK_AGAIN = text(
    "UPDATE extras_webhook SET resting_until = NULL"
    " WHERE id = (SELECT webhook_id FROM extras_webhookdelivery WHERE id = :delivery)"
)
_AT_ONCE = text("UPDATE extras_webhook SET resting_until = NULL WHERE id = :webhook AND resting_until IS NOT NULL")


def due(connection: Connection) -> Sequence[int]:
    """The webhooks for which something can be taken."""
    return connection.scalars(_DUE).all()


def take(session: Session, webhook: int, most: int) -> Sequence[Row[Any]]:
    """Take the first deliveries of `webhook` that are due, one of each object."""
    found = session.execute(_TAKE, {"webhook": webhook, "most": most, "seconds": TAKEN_SECONDS}).all()
    return sorted(found, key=lambda each: each.id)


def record(session: Session, webhook: int, outcomes: Sequence[tuple[Any, Outcome]]) -> None:
    """Note what became of what was taken, and have a receiver that is away left alone for a while."""
    failures = session.scalar(_FAILURES, {"webhook": webhook})
    if failures is None:
        return  # it was deleted, and its deliveries with it
    answers = any(outcome.status is not None and not outcome.away for _, outcome in outcomes)
    rest = schedule.wait(1 if answers else failures + 1, schedule.LONGEST_REST_SECONDS)
    told = [_told(taken, outcome, rest) for taken, outcome in outcomes]
    session.execute(_RECORD, {"told": orjson.dumps(told).decode()})
    if answers:
        session.execute(_ANSWERS, {"webhook": webhook})
        return
    session.execute(_REST, {"webhook": webhook, "seconds": rest})
    session.execute(_SET_ASIDE, {"webhook": webhook, "seconds": schedule.GIVE_UP_SECONDS, "step": STEP})


def _told(taken: Any, outcome: Outcome, rest: float) -> JsonObject:
    over = not outcome.delivered and schedule.is_over(taken.attempts, taken.age)
    wait = rest if outcome.away else schedule.wait(taken.attempts, schedule.LONGEST_WAIT_SECONDS)
    return {
        "id": taken.id,
        "taken_until": taken.taken_until,
        "status": DELIVERED if outcome.delivered else FAILED if over else PENDING,
        "response_status": outcome.status,
        "error": outcome.error,
        "wait": 0.0 if outcome.delivered or over else wait,
    }


def at_once(session: Session, webhook: int) -> None:
    """Have the receiver asked again now, however long it has not answered."""
    session.execute(_AT_ONCE, {"webhook": webhook})


def forget(session: Session, days: int) -> int:
    """Delete some of what is done with and that old; returns how many."""
    found: Any = session.execute(_FORGET, {"days": days, "step": STEP})
    return int(found.rowcount)


def repeat(session: Session, delivery: int) -> None:
    """Have a delivery tried now, as if it never was; who has taken it keeps it."""
    session.execute(_ASK_AGAIN, {"delivery": delivery})  # first, for `record` locks in this order
    session.execute(_REPEAT, {"delivery": delivery})


def drop(session: Session, webhook: int) -> None:
    """Delete all deliveries of a webhook."""
    session.execute(_DROP, {"webhook": webhook})
