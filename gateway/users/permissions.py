"""Permissions: what users and groups may do, as `app.codename`. The services say which there are."""

from collections.abc import Mapping
from typing import Any, ClassVar

from flask import Blueprint, Response, request
from marshmallow import Schema
from marshmallow import fields as ma
from sqlalchemy import ARRAY, Text, text
from sqlalchemy.orm import MappedColumn, Session, mapped_column

from shared import JsonObject
from shared.api.openapi import operation, page_schema
from shared.api.openapi_parameters import paging
from shared.config import SERVICES
from shared.http.errors import ServiceUnavailable
from shared.http.responses import json_response
from shared.query.pagination import Page
from shared.references import client
from shared.schema import fields, openapi_schemas
from shared.schema.changes import Change
from shared.security import authorization

SHOWN_CHARACTERS = 100


def permissions() -> MappedColumn[list[str]]:
    """The column of what its owner is permitted."""
    field = Permissions()
    return mapped_column(ARRAY(Text), nullable=False, default=list, server_default=text("'{}'"), info={"field": field})


class Permissions(fields.Field):
    """A list of `app.codename`, which a write replaces as a whole."""

    repeats = True
    shape: ClassVar[JsonObject] = {
        "type": "array",
        "items": {"type": "string", "example": "dcim.add_site"},
        "description": "As `app.codename`; `/api/users/permissions/` lists all there are.",
        "x-permissions": True,
    }

    default_error_messages = {"invalid": "Expected a list of permissions, each as app.codename."}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.make_error("invalid")
        return sorted(set(value))


def validate_permissions(session: Session, changes: list[Change]) -> None:
    """A rule: what no service asks for cannot be permitted. Raises ServiceUnavailable."""
    sent = {name for change in changes for name in change.values.get("permissions", ())}
    known = _known({name.partition(".")[0] for name in sent} & set(SERVICES))
    for change in changes:
        for name in change.values.get("permissions", ()):
            if name not in known:
                change.fail(f'There is no permission "{name[:SHOWN_CHARACTERS]}".', "permissions")


def _known(apps: set[str]) -> set[str]:
    answers = client.call_all({app: ("permissions", {}) for app in sorted(apps)})
    for answer in answers.values():
        if isinstance(answer, client.ServiceDown):
            raise ServiceUnavailable(f"{answer} It is needed to know its permissions.")
    return {name for answer in answers.values() for name in answer["permissions"]}


blueprint = Blueprint("permissions", __name__)


class PermissionSchema(Schema):
    """A permission: its `name` is `app.codename`."""

    name = ma.String(required=True)
    app = ma.String(required=True)
    codename = ma.String(required=True)


APP = openapi_schemas.query("app", "Of which app; repeated values mean OR.", "string")


@blueprint.get("/api/users/permissions/")
@operation("GET", "List permissions", page_schema(PermissionSchema), parameters=(*paging("limit", "offset"), APP))
def list_permissions() -> Response:
    """Every permission that can be given to users and groups, by name."""
    authorization.require_user()
    asked = request.args.getlist("app")
    names = sorted(_known({app for app in SERVICES if not asked or app in asked}))
    page = Page.of_request()
    following, preceding = page.links(len(names))
    shown = names[page.offset :][: page.limit]
    results = [{"name": name, "app": name.partition(".")[0], "codename": name.partition(".")[2]} for name in shown]
    return json_response({"count": len(names), "next": following, "previous": preceding, "results": results})
