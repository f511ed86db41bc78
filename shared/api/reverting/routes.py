"""How extras asks a service to bring back what its objects were, on behalf of a user."""

from collections.abc import Sequence

from flask import Blueprint, Response
from sqlalchemy.exc import IntegrityError

from shared import JsonObject
from shared.api.resource import Resource
from shared.api.reverting import applying, examining
from shared.db.database import database
from shared.http import request_body
from shared.http.context import context
from shared.http.errors import Forbidden, ServiceUnavailable
from shared.http.responses import json_response
from shared.schema.models import Record
from shared.security.authorization import caller


def blueprint(base: type[Record], resources: Sequence[Resource]) -> Blueprint:
    """`/internal/<app>/revert/examine` and `/internal/<app>/revert`, for a service that asks for a user."""
    internal = Blueprint("revert", __name__, url_prefix=f"/internal/{base.app}/revert")

    @internal.before_request
    def services_for_users_only() -> None:
        if not caller().service or caller().user_id is None:
            raise Forbidden("Only a service may ask this, on behalf of a user.")

    @internal.post("/examine")
    def examine() -> Response:
        """`{objects, going, known}` → `{objects, dependents}` (examining.py)."""
        asked = request_body.body()
        with database().transaction() as session:
            found = examining.examine(session, base, resources, asked["objects"])
            referring = examining.dependents(session, base, asked["going"], asked["known"])
        return json_response({"objects": found, "dependents": referring})

    @internal.post("")
    def revert() -> Response:
        """`{check, objects, given, going}` → `{conflicts, facts, degraded}`, or why it cannot be done now."""
        return json_response({"conflicts": [], "facts": {}, "degraded": [], **_reverted(base, resources)})

    return internal


def _reverted(base: type[Record], resources: Sequence[Resource]) -> JsonObject:
    try:
        facts = applying.apply(base, resources, request_body.body())
    except applying.InTheWay as refused:
        return {"conflicts": refused.conflicts}
    except Forbidden as refused:
        return {"forbidden": refused.body}
    except ServiceUnavailable as refused:
        return {"unavailable": refused.body}
    except IntegrityError:
        return {"unavailable": {"detail": "This conflicts with a change made at the same moment."}}
    return {"facts": facts, "degraded": sorted(context().degraded)}
