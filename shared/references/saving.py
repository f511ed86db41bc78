"""Saving: a client's write in one transaction, answered once all holders of what changed have applied it."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from shared.db.database import database
from shared.http.context import context
from shared.http.errors import ServiceUnavailable
from shared.references import activity, delivering, holding, past
from shared.schema.models import Record

ATTEMPTS = 2

Result = TypeVar("Result")


def commit(base: type[Record], work: Callable[[Session], Result]) -> tuple[Result, past.Publication]:
    """The result of `work(session)`, and what it committed. Raises ServiceUnavailable."""

    def saved(session: Session) -> tuple[Result, past.Publication]:
        return work(session), past.written(session)

    def attempt() -> tuple[Result, past.Publication]:
        past.require(base)
        return holding.claiming(base, lambda: database().run(saved))

    for _ in range(ATTEMPTS):
        try:
            done = attempt()
        except past.InDoubt:
            continue
        past.past().remember(done[1].known)
        return done
    raise ServiceUnavailable("The database was away, and may be another one.")


def tell(base: type[Record], written: past.Publication) -> None:
    """Deliver the changes to the holders; those that do not answer are named in the reply (`X-Degraded`)."""
    activity.wake()
    if degraded := delivering.deliver(base, written.entries):
        context().degraded.update(degraded)
