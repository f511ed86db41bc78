"""Events: what webhooks tell of changes, noted in the transaction in which the changes arrive."""

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.extras.choices import EVENT
from services.extras.webhooks import conditions
from shared import JsonObject
from shared.references.history_functions import CREATED, DELETED, UPDATED

TEST = 4
# A webhook that is being deleted is waited for.
_WEBHOOKS = text(
    "SELECT id, obj_type, type_create, type_update, type_delete, conditions FROM extras_webhook WHERE enabled"
    " ORDER BY id FOR KEY SHARE"
)
_ADD = text(
    """
    INSERT INTO extras_webhookdelivery (webhook_id, event_id, created, event, object_type, object_id, request_id,
                                        payload, status, attempts, due, error)
    SELECT webhook, CAST(gen_random_uuid() AS text), clock_timestamp(), event, object_type, object_id, request_id,
           payload, 1, 0, clock_timestamp(), ''
    FROM jsonb_to_recordset(CAST(:told AS jsonb))
      AS told(webhook integer, event integer, object_type text, object_id integer, request_id text, payload jsonb)
    RETURNING id
    """
)


def note(session: Session, changes: Iterable[JsonObject]) -> set[int]:
    """Note `changes`, in their order, for every webhook that wants them; returns those webhooks."""
    webhooks = session.execute(_WEBHOOKS).all()
    wanted = [(webhook.id, change) for change in changes for webhook in webhooks if _wants(webhook, change)]
    if wanted:
        _add(session, [_event(webhook, change) for webhook, change in wanted])
    return {webhook for webhook, _ in wanted}


def note_test(session: Session, webhook: Any, username: str, request_id: str, now: str) -> int:
    """Note an event by which a receiver can be tried; returns the id of its delivery."""
    payload = {
        "event": dict(EVENT)[TEST],
        "timestamp": now,
        "model": "webhook",
        "object_type": webhook.label,
        "username": username,
        "request_id": request_id,
        "data": {"id": webhook.id, "url": f"{webhook.list_path()}{webhook.id}/", "name": webhook.name},
        "snapshots": {"prechange": None, "postchange": None},
    }
    event = {"webhook": webhook.id, "event": TEST, "object_type": webhook.label, "object_id": None}
    return _add(session, [{**event, "request_id": request_id, "payload": payload}])[0]


def _add(session: Session, events: list[JsonObject]) -> list[int]:
    return list(session.scalars(_ADD, {"told": orjson.dumps(events).decode()}))


def _wants(webhook: Any, change: JsonObject) -> bool:
    acts = {CREATED: webhook.type_create, UPDATED: webhook.type_update, DELETED: webhook.type_delete}
    before, after = change.get("prechange_data"), change.get("postchange_data")
    return (
        acts[change["action"]]
        and change["changed_object_type"] in webhook.obj_type
        and conditions.hold(webhook.conditions, before, after)
    )


def _event(webhook: int, change: JsonObject) -> JsonObject:
    label, before, after = change["changed_object_type"], change.get("prechange_data"), change.get("postchange_data")
    there = {"id": change["changed_object_id"], "url": change["home"]}
    payload = {
        "event": dict(EVENT)[change["action"]],
        "timestamp": change["time"],
        "model": label.split(".")[1],
        "object_type": label,
        "username": change["user_name"],
        "request_id": change["request_id"],
        "data": there | ((before if change["action"] == DELETED else after) or {}),
        "snapshots": {"prechange": before, "postchange": after},
    }
    return {
        "webhook": webhook,
        "event": change["action"],
        "object_type": label,
        "object_id": change["changed_object_id"],
        "request_id": change["request_id"],
        "payload": payload,
    }
