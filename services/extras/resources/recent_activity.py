"""Recent activity: who wrote what, in every service, newest first."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response
from markupsafe import escape
from sqlalchemy import ColumnElement, DateTime, Integer, String, Text, Uuid, or_
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, mapped_column

from services.extras.base import Base
from services.extras.choices import ACTION
from shared import JsonObject
from shared.api.resource import READ, Resource
from shared.db.database import database
from shared.http import request_body, responses
from shared.http.errors import Forbidden
from shared.query.filter_base import Filter
from shared.query.filters import ReferenceFilter
from shared.references import holding
from shared.references.activity import DELETED
from shared.schema import fields, parsing
from shared.schema.columns import CASCADE, choice, column, reference
from shared.security.authorization import caller
from shared.security.identity import Identity


class UserAction(Base):
    path = "recent-activity"
    nested = ()

    note = mapped_column(Uuid, unique=True, nullable=False)
    time = column(DateTime(timezone=True), fields.DateTime(dump_only=True), index=True)
    user_id = reference("users.user", on_delete=CASCADE, nested=("username",))
    action = choice(ACTION, listed=False)
    content_type = column(String(50), fields.Text(dump_only=True))
    object_id = column(Integer, fields.Integer(dump_only=True))
    message = column(Text, fields.Text(dump_only=True))


incoming = Blueprint("activity", __name__, url_prefix="/internal/extras")


@incoming.post("/activity")
def keep() -> Response:
    """Keep one entry for each note, but for those of users that are gone."""
    if not caller().service:
        raise Forbidden("Only services may tell this.")
    notes = request_body.body()["notes"]
    holding.claiming(Base, lambda: database().run(lambda session: _keep(session, notes)))
    return responses.json_response({})


def _keep(session: Session, notes: list[JsonObject]) -> None:
    users = holding.hold(session, Base, {"users.user": {each["user_id"] for each in notes}})["users.user"]
    rows = [_row(each) for each in notes if each["user_id"] in users]
    if rows:
        statement = postgresql.insert(UserAction).values(rows)
        session.execute(statement.on_conflict_do_nothing(index_elements=["note"]))


def _row(told: JsonObject) -> JsonObject:
    label = told["content_type"].split(".")[1]
    name, deed = escape(told["name"]), dict(ACTION)[told["action"]]
    shown = name if told["action"] == DELETED else f'<a href="{escape(told["path"])}">{name}</a>'
    kept = {name: told[name] for name in ("time", "user_id", "action", "content_type", "object_id")}
    return {"note": told["id"], "message": f"{deed} {label} {shown}", **kept}


def shown_to(identity: Identity) -> tuple[ColumnElement[bool], ...]:
    """Hides writes to accounts and secrets from callers who may not see these, but not a caller's own writes."""
    if identity.superuser:
        return ()
    hidden = ("users.", "secrets.") if identity.anonymous else ("users.", "secrets.userkey", "secrets.sessionkey")
    others = or_(*(UserAction.content_type.startswith(label) for label in hidden))
    return (~others | (UserAction.user_id == identity.user_id),)


def _moment(condition: Callable[[datetime], ColumnElement[bool]]) -> Callable[[str], ColumnElement[bool] | None]:
    """A filter on the time of an entry; what is no time matches nothing."""

    def where(text: str) -> ColumnElement[bool] | None:
        parsed = parsing.to_moment(text)
        return None if parsed is None else condition(parsed)

    return where


recent_activity = Resource(
    UserAction,
    filters=(
        ReferenceFilter("user", UserAction, ("user",), by_key=False),
        ReferenceFilter("username", UserAction, ("user",), by_key=True),
        "action",
        Filter("content_type", lambda text: UserAction.content_type == text),
        Filter("object_id", lambda text: UserAction.object_id == parsing.to_integer(text) if text.isdigit() else None),
        Filter("time_after", _moment(lambda moment: UserAction.time >= moment)),
        Filter("time_before", _moment(lambda moment: UserAction.time < moment)),
    ),
    order=("-time",),
    methods=READ,
    visible=shown_to,
)
