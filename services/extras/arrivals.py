"""Changes that services hand over: each is kept once, and their positions are given out in one order."""

from typing import Any

import orjson
from flask import Blueprint, Response
from sqlalchemy import (
    Column,
    CursorResult,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from services.extras.base import Base
from services.extras.resources.recent_activity import FORMER_ACTION
from services.extras.webhooks import delivering, events
from shared import JsonObject
from shared.config import settings
from shared.db.advisory_locks import AdvisoryLock
from shared.db.database import database
from shared.http import request_body, responses
from shared.http.errors import Forbidden
from shared.references import holding
from shared.security.authorization import caller

STEP, MOST_STEPS = 1000, 20

_COLUMNS = (
    "note, time, user_id, user_name, request_id, action, requested, changed_object_type, changed_object_id,"
    " object_repr, home, related_object_type, related_object_id, related_home, prechange_data, postchange_data"
)
_KEEP = sql(
    f"INSERT INTO extras_objectchange ({_COLUMNS}) SELECT {_COLUMNS}"
    " FROM jsonb_populate_recordset(NULL\\:\\:extras_objectchange, CAST(:told AS jsonb)) ON CONFLICT (note) DO NOTHING"
    " RETURNING note"
)
_FORGET = sql(
    "DELETE FROM extras_objectchange WHERE id IN (SELECT id FROM extras_objectchange"
    " WHERE time < clock_timestamp() - make_interval(days => :days) ORDER BY time LIMIT :step)"
)

# Where the release before keeps recent activity: it may still run beside this one. The next release drops it.
former = Table(
    "extras_useraction",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("note", Uuid, nullable=False, unique=True),
    Column("time", DateTime(timezone=True), nullable=False, index=True),
    Column("user_id", Integer, ForeignKey("users_user.id", ondelete="CASCADE"), nullable=False),
    Column("action", SmallInteger, nullable=False),
    Column("content_type", String(50), nullable=False),
    Column("object_id", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Index("ix_extras_useraction_action", "action", sql("time DESC"), "id"),
    Index("ix_extras_useraction_user_id", "user_id", sql("time DESC"), "id"),
    info={"counted_as": "extras.useraction"},
)
# It has names and addresses in its messages only: `created site <a href="/api/dcim/sites/1/">R&amp;D</a>`.
_ADOPT = sql(
    """
    WITH taken AS (
      DELETE FROM extras_useraction WHERE id IN (SELECT id FROM extras_useraction ORDER BY id LIMIT :step) RETURNING *
    )
    INSERT INTO extras_objectchange (note, time, user_id, user_name, request_id, action, requested,
                                     changed_object_type, changed_object_id, object_repr, home)
    SELECT note, time, user_id, username, '', CASE action WHEN 1 THEN 1 WHEN 5 THEN 3 ELSE 2 END, true,
           content_type, object_id,
           left(replace(replace(replace(replace(replace(
             regexp_replace(regexp_replace(message, '^\\S+ \\S+ (<a href="[^"]*">)?', ''), '</a>$', ''),
             '&lt;', '<'), '&gt;', '>'), '&#39;', ''''), '&#34;', '"'), '&amp;', '&'), 200),
           coalesce(substring(message from '<a href="([^"]*)">'), '')
    FROM taken JOIN users_user ON users_user.id = user_id ORDER BY taken.id ON CONFLICT (note) DO NOTHING
    """
)

incoming = Blueprint("arrivals", __name__, url_prefix="/internal/extras")


@incoming.post("/history")
def keep() -> Response:
    """Keep one change for each note."""
    return _kept(request_body.body()["changes"])


@incoming.post("/activity")
def keep_activity() -> Response:
    """The same, as services of the release before tell it."""
    return _kept([_of_activity(each) for each in request_body.body()["notes"]])


def _kept(told: list[JsonObject]) -> Response:
    if not caller().service:
        raise Forbidden("Only services may tell this.")
    if told:
        delivering.begin(holding.claiming(Base, lambda: database().run(lambda session: _keep(session, told))))
    return responses.json_response({})


def _keep(session: Session, told: list[JsonObject]) -> set[int]:
    """In the order in which they are told: whoever tells of others has to wait, so that no position is left open.

    Returns the webhooks that are to tell of some.
    """
    named = {each["user_id"] for each in told if each["user_id"] is not None}
    users = holding.hold(session, Base, {"users.user": named})["users.user"]
    rows = [each | _user(users.get(each["user_id"]), each) for each in told]
    session.execute(AdvisoryLock.CHANGES_ARRIVING.held())
    new = {str(note) for note in session.scalars(_KEEP, {"told": orjson.dumps(rows).decode()})}
    return events.note(session, [each for each in rows if each["note"] in new])


def _user(user: Any, told: JsonObject) -> JsonObject:
    """Who did it; of somebody who is gone the name is left."""
    if user is None:
        return {"user_id": None}
    return {"user_name": told["user_name"] or user.username}


def _of_activity(note: JsonObject) -> JsonObject:
    return {
        "note": note["id"],
        "time": note["time"],
        "user_id": note["user_id"],
        "user_name": "",
        "request_id": "",
        "action": next(action for action, former in FORMER_ACTION.items() if former == note["action"]),
        "requested": True,
        "changed_object_type": note["content_type"],
        "changed_object_id": note["object_id"],
        "object_repr": note["name"],
        "home": note["path"],
    }


def adopt() -> None:
    """Take over what the release before has kept."""
    _in_steps(lambda session: _count(session.execute(_ADOPT, {"step": STEP})))


def forget() -> None:
    """Delete what is older than it is to be kept."""
    if days := settings.changelog_retention:
        _in_steps(lambda session: _count(session.execute(_FORGET, {"days": days, "step": STEP})))


def _count(result: Any) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0


def _in_steps(step: Any) -> None:
    """`step(session)` until it finds less than `STEP` rows: each short, for others wait for the positions."""

    def alone(session: Session) -> int:
        session.execute(AdvisoryLock.CHANGES_ARRIVING.held())
        found: int = step(session)
        return found

    for _ in range(MOST_STEPS):
        if database().run(alone) < STEP:
            return
