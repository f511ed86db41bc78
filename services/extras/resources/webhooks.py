"""Webhooks: receivers elsewhere that are told of changes (services/extras/webhooks/ says how)."""

from datetime import UTC, datetime
from typing import Any

from flask import Response
from sqlalchemy import ColumnElement, DateTime, Integer, String, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Session, mapped_column

from services.extras.base import Base
from services.extras.choices import HTTP_CONTENT_TYPE
from services.extras.object_types import NotifiedTypes
from services.extras.webhooks import delivering, events, queue
from services.extras.webhooks.conditions import Conditions
from services.extras.webhooks.receivers import HookSecret, ReceiverURL
from shared.api import transaction
from shared.api.resource import Action, Resource
from shared.api.views import found
from shared.http.errors import Forbidden
from shared.http.responses import link
from shared.query.filter_base import Filter
from shared.schema import fields
from shared.schema.changes import Change
from shared.schema.columns import boolean, choice, column, computed, date_time, text, transient
from shared.security import authorization
from shared.security.authorization import caller
from shared.security.identity import Identity
from shared.telemetry.origin import origin

_KINDS = ("webhook", "webhookdelivery")


class Webhook(Base):
    path = "webhooks"
    nested = ("name",)
    key = "name"
    unlogged = ("secret", "failing_since")

    name = text(150, unique=True)
    obj_type = column(ARRAY(Text), NotifiedTypes())
    type_create = boolean(False)
    type_update = boolean(False)
    type_delete = boolean(False)
    payload_url = text(500, field=ReceiverURL)
    http_content_type = choice(HTTP_CONTENT_TYPE, default=1, listed=False)
    secret = transient(HookSecret())
    has_secret = computed(fields.Boolean(), lambda webhook: webhook.signing_secret != "")
    enabled = boolean(True)
    ssl_verification = boolean(True)
    conditions = column(JSONB, Conditions(), default=list)
    failing_since = date_time(null=True, automatic=True)
    signing_secret = mapped_column(String(255), nullable=False, default="")
    failures = mapped_column(Integer, nullable=False, default=0)
    resting_until = mapped_column(DateTime(timezone=True))


def operators(identity: Identity) -> tuple[ColumnElement[bool], ...]:
    """Webhooks, whose addresses may be as good as keys, are shown to whoever may change them. Raises Forbidden."""
    authorization.require_user()
    if not any(identity.may(f"extras.{verb}_{kind}") for verb in ("add", "change", "delete") for kind in _KINDS):
        raise Forbidden
    return ()


def validate_types(session: Session, changes: list[Change[Webhook]]) -> None:
    for change in changes:
        webhook = change.object
        if not (webhook.type_create or webhook.type_update or webhook.type_delete):
            change.fail("At least one of type_create, type_update and type_delete has to be true.")


def set_secret(session: Session, changes: list[Change[Webhook]]) -> None:
    """A secret that is not sent stays as it is; a blank one is none."""
    for change in changes:
        if "secret" in change.values:
            change.object.signing_secret = change.values["secret"]


def set_asked_again(session: Session, changes: list[Change[Webhook]]) -> None:
    """Whoever changes where a webhook goes, or how, need not wait until its receiver is asked again."""
    for change in changes:
        if change.changed("payload_url", "enabled", "ssl_verification", "http_content_type"):
            change.object.resting_until = None


def on_delete_drop_deliveries(session: Session, webhooks: list[Webhook]) -> None:
    """What waits goes by one statement: there may be much of it."""
    for webhook in webhooks:
        queue.drop(session, webhook.id)


def send_test(resource: Resource, pk: int) -> Response:
    """Have an event delivered that tells of no change."""

    def add(session: Session) -> Any:
        webhook = found(session, resource, pk)
        now = datetime.now(UTC).isoformat()
        delivery = events.note_test(session, webhook, caller().username, origin().request_id, now)
        queue.at_once(session, pk)
        return {"id": delivery, "url": link(f"/api/extras/webhook-deliveries/{delivery}/")}

    reply = transaction.write(resource, False, add, 201)
    delivering.begin([pk])
    return reply


webhooks = Resource(
    Webhook,
    filters=(
        "type_create",
        "type_update",
        "type_delete",
        "payload_url",
        "enabled",
        Filter("obj_type", lambda text: Webhook.obj_type.contains([text])),
    ),
    search=("name", "payload_url"),
    unique=(("payload_url", "type_create", "type_update", "type_delete"),),
    rules=(validate_types,),
    before_save=(set_secret, set_asked_again),
    on_delete=(on_delete_drop_deliveries,),
    visible=operators,
    actions=(
        Action(
            "test",
            send_test,
            ("POST",),
            lambda verb: "extras.change_webhook",
            {"type": "object", "properties": {"id": {"type": "integer"}, "url": {"type": "string", "format": "uri"}}},
            status=201,
            summary="Have a test event delivered",
        ),
    ),
    note="The secret is not shown, nor is it in changes and exports: has_secret tells whether there is one.",
)
