"""Catching up: when an owner begins to publish a fact, a holder that keeps it fetches it for all its replicas.

It does so in the background, a page at a time, by claiming anew what it holds: what changes meanwhile is then neither
lost nor overwritten, and a process that dies goes on where it was.
"""

import logging
import time

from shared.db.database import database
from shared.http.errors import ServiceUnavailable
from shared.references import facts, holding, owning, recovering
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record

# Of each turn of the follower, which has other duties.
SECONDS = 2.0

log = logging.getLogger(__name__)


def fetch(base: type[Record]) -> None:
    """Fetch what is missing, as far as this turn goes. An owner that does not answer holds up no other."""
    until = time.monotonic() + SECONDS
    with database().reading() as connection:
        missing = facts.to_fetch(connection, base)
    silent: set[str] = set()
    for each in missing:
        owner = CONTRACTS[each.label].owner
        try:
            if owner not in silent:
                _fetch(base.model_of(each.label), each, until)
        except ServiceUnavailable as down:
            log.info("fetching %s of %s: %s", ", ".join(each.names), each.label, down)
            silent.add(owner)


def _fetch(target: type[Record], of: facts.Fetching, until: float) -> None:
    after = of.after
    while time.monotonic() < until:
        if CONTRACTS[target.label].complete:
            holding.claim(target, {owning.ALL})
            ids: list[int] = []
        elif ids := recovering.page(target, after):
            holding.claim(target, set(ids))
            after = max(ids)
        done = after if ids else None
        with database().transaction() as session:
            facts.fetched(session, target, of, done)
        if done is None:
            return
