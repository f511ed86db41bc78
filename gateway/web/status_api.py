"""`/api/status/`: what clients read before anything else, to know which NetBox they speak to."""

import platform

from flask import Blueprint, Response, request

from gateway import VERSION, authentication
from gateway.responses import json_response
from gateway.web import status
from gateway.web.upstream_client import identity

# The release whose API this is, as its clients compare it.
NETBOX_VERSION = "2.3.7"

pages = Blueprint("status_api", __name__)
_VERSION = {"type": "string", "nullable": True, "example": VERSION}
_SERVICES = {"type": "object", "additionalProperties": _VERSION}
_SHAPE = {
    "type": "object",
    "properties": {
        "netbox-version": {"type": "string", "example": NETBOX_VERSION},
        "python-version": {"type": "string", "example": "3.11.2"},
        "plugins": {"type": "object", "additionalProperties": {"type": "string"}},
        "patchbay-version": {"type": "string", "example": VERSION},
        "services": {**_SERVICES, "description": "The version of each service; null for one that does not answer."},
    },
}
OPERATION = {
    "summary": "Tell which NetBox this is, and what runs",
    "operationId": "status",
    "tags": ["status"],
    "responses": {"200": {"description": "The versions", "content": {"application/json": {"schema": _SHAPE}}}},
}


@pages.get("/api/status/")
def versions() -> Response:
    authentication.require_login(identity("users"), request.path)
    return json_response(
        {
            "netbox-version": NETBOX_VERSION,
            "python-version": platform.python_version(),
            "plugins": {},
            "patchbay-version": VERSION,
            "services": status.releases(),
        }
    )
