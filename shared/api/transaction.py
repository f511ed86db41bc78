"""The one transaction of a write, and the reply to it."""

from collections.abc import Callable
from typing import Any

import orjson
from flask import Response
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shared.api import writing
from shared.api.resource import Resource
from shared.http.errors import BadRequest
from shared.http.responses import raw_response
from shared.references import saving
from shared.security import idempotency


def write(resource: Resource, many: bool, work: Callable[[Session], Any], status: int = 200) -> Response:
    """The reply to a write: what `work(session)` makes, in one transaction, after the holders know of it.

    A constraint that only the database saw violated was a race: the second try validates against what the winner
    wrote, and names the field. With status 204 there is no body.
    """
    base = resource.model.base

    def answered(session: Session) -> idempotency.Answered:
        return idempotency.once(session, base.app, lambda: _reply(status, work(session)))

    try:
        try:
            reply, written = saving.commit(base, answered)
        except IntegrityError:
            reply, written = saving.commit(base, answered)
    except writing.ValidationFailed as refused:
        raise refused if many else BadRequest(refused.messages[0]) from refused
    saving.tell(base, written)
    return raw_response(reply.body, reply.status, reply.headers)


def _reply(status: int, made: Any) -> idempotency.Answered:
    return idempotency.Answered(status, b"" if status == 204 else orjson.dumps(made))
