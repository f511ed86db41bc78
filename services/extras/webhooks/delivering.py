"""Delivering: threads that hand over what is due, one for each webhook for which something is.

None waits for another's receiver. Several copies of the service share the work: a delivery is taken by one of them. The
copy that a change arrives at begins at once; every copy looks now and then for what is due, left over or tried again.
"""

import logging
import threading
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from services.extras.choices import HTTP_CONTENT_TYPE
from services.extras.webhooks import queue, signing
from services.extras.webhooks.sending import MOST_AT_ONCE, TIMED_OUT, Outcome, Sender
from shared import VERSION, JsonObject
from shared.config import settings
from shared.db.database import database
from shared.http.errors import ServiceUnavailable

# How long a request may take, from when its delivery is taken.
SECONDS = 10.0
FORM = 2
MOST_STEPS = 20

log = logging.getLogger(__name__)

_lock = threading.Lock()
# The webhooks that a thread delivers for, and whether something came since it looked last.
_delivering: dict[int, bool] = {}


def look() -> None:
    """Begin to deliver what is due."""
    with database().reading() as connection:
        found = queue.due(connection)
    begin(found)


def begin(webhooks: Iterable[int]) -> None:
    """Deliver what waits for `webhooks`, each in a thread of its own."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with _lock:
        for webhook in webhooks:
            if webhook not in _delivering:
                threading.Thread(target=_run, args=(app, webhook), daemon=True, name=f"webhook {webhook}").start()
            _delivering[webhook] = True


def _run(app: Flask, webhook: int) -> None:
    """Deliver until nothing is due."""
    senders = {verify: Sender(verify) for verify in (True, False)}
    with app.app_context():
        while True:
            with _lock:
                _delivering[webhook] = False
            going_on = _try(webhook, senders)
            with _lock:
                if not going_on and not _delivering[webhook]:
                    del _delivering[webhook]
                    break
    for sender in senders.values():
        sender.close()


def _try(webhook: int, senders: dict[bool, Sender]) -> bool:
    """Deliver what can be taken now; whether there was anything. What fails is found again by `look`."""
    try:
        return _turn(webhook, senders)
    except (SQLAlchemyError, ServiceUnavailable) as error:
        log.info("delivering for webhook %d: %s", webhook, type(error).__name__)
    except Exception:
        log.exception("delivering for webhook %d", webhook)
    return False


def _turn(webhook: int, senders: dict[bool, Sender]) -> bool:
    until = time.monotonic() + SECONDS
    taken = database().run(lambda session: queue.take(session, webhook, MOST_AT_ONCE))
    if not taken:
        return False
    outcomes = [TIMED_OUT] * len(taken)

    def deliver(place: int) -> None:
        outcomes[place] = _deliver(taken[place], senders, until)

    threads = [threading.Thread(target=deliver, args=(place,), daemon=True) for place in range(len(taken))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0))
    known = list(zip(taken, outcomes, strict=True))
    if any(thread.is_alive() for thread in threads):
        for sender in senders.values():
            sender.abort()
    database().run(lambda session: queue.record(session, webhook, known))
    return True


def _deliver(taken: Any, senders: dict[bool, Sender], until: float) -> Outcome:
    try:
        body = _body(taken.payload, taken.http_content_type)
        headers = {
            "Content-Type": dict(HTTP_CONTENT_TYPE)[taken.http_content_type],
            "User-Agent": f"Patchbay/{VERSION}",
            **signing.headers(taken.signing_secret, taken.event_id, int(time.time()), body),
        }
        return senders[taken.ssl_verification].send(taken.payload_url, headers, body, until)
    except Exception:
        log.exception("delivering %d", taken.id)
        return Outcome(error="it could not be sent")


def _body(payload: JsonObject, content_type: int) -> bytes:
    """The event as JSON, or as a form whose values are texts or JSON."""
    if content_type != FORM:
        return orjson.dumps(payload)
    values = {name: each if isinstance(each, str) else orjson.dumps(each).decode() for name, each in payload.items()}
    return urlencode(values).encode()


def forget() -> None:
    """Delete what was delivered or set aside longer ago than changes are kept."""
    if days := settings.changelog_retention:
        for _ in range(MOST_STEPS):
            if database().run(lambda session: queue.forget(session, days)) < queue.STEP:
                return
