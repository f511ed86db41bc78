"""Webhook deliveries: what each webhook has told, or has yet to tell."""

from typing import Any

import orjson
from flask import Response
from sqlalchemy import DateTime, Index, Integer, String, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, mapped_column

from services.extras.base import Base
from services.extras.choices import DELIVERY, EVENT
from services.extras.resources.webhooks import operators
from services.extras.webhooks import delivering, queue
from shared.api import reading, transaction
from shared.api.resource import Action, Resource
from shared.api.views import found
from shared.schema import fields
from shared.schema.columns import CASCADE, choice, column, date_time, reference
from shared.schema.representations import read_schema

_PENDING = sql("status = 1")


class WebhookDelivery(Base):
    path = "webhook-deliveries"
    nested = ()
    logged = False

    webhook_id = reference("extras.webhook", on_delete=CASCADE)
    event_id = column(String(36), fields.Text(dump_only=True))
    created = date_time(automatic=True)
    event = choice(EVENT, listed=False)
    object_type = column(String(50), fields.Text(dump_only=True))
    object_id = column(Integer, fields.Integer(dump_only=True, allow_none=True))
    request_id = column(Text, fields.Text(dump_only=True))
    status = choice(DELIVERY, listed=False)
    attempts = column(Integer, fields.Integer(dump_only=True))
    due = date_time(automatic=True)
    last_attempt = date_time(automatic=True, null=True)
    response_status = column(Integer, fields.Integer(dump_only=True, allow_none=True))
    error = column(String(200), fields.Text(dump_only=True), default="")
    payload = column(JSONB, fields.Json(dump_only=True))
    taken_until = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_extras_webhookdelivery_pending", "webhook_id", "id", postgresql_where=_PENDING),
        Index(
            "ix_extras_webhookdelivery_order",
            *("webhook_id", "object_type", "object_id", "id"),
            postgresql_where=_PENDING,
        ),
    )


def repeat(resource: Resource, pk: int) -> Response:
    """Deliver once more, or at once what waits to be tried again."""

    def again(session: Session) -> Any:
        queue.repeat(session, pk)
        found(session, resource, pk)
        return orjson.loads(reading.one_row(session.connection(), resource, pk) or "null")

    reply = transaction.write(resource, False, again)
    delivering.look()
    return reply


webhook_deliveries = Resource(
    WebhookDelivery,
    filters=("webhook", "status", "object_type", "object_id", "request_id", "event_id"),
    order=("-created",),
    methods=("GET", "DELETE"),
    visible=operators,
    actions=(
        Action(
            "repeat",
            repeat,
            ("POST",),
            lambda verb: "extras.change_webhookdelivery",
            read_schema(WebhookDelivery),
            summary="Deliver once more",
        ),
    ),
)
