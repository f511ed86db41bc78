"""`generate-rsa-key-pair`: a new key pair for a user who has no other way to make one. Nothing of it is kept."""

from flask import Blueprint, Response, request

from services.secrets import crypto
from shared.api.openapi import operation
from shared.api.options import allows
from shared.api.resource import ALL
from shared.http.errors import MethodNotAllowed
from shared.http.responses import json_response
from shared.schema import openapi_schemas
from shared.security import authorization

blueprint = Blueprint("generate-rsa-key-pair", __name__)


@blueprint.route("/api/secrets/generate-rsa-key-pair/", methods=ALL)
@operation("GET", "Generate an RSA key pair", openapi_schemas.texts("private_key", "public_key"))
@allows("GET", users_only=True)
def generate_rsa_key_pair() -> Response:
    authorization.require_user()
    if request.method != "GET":
        raise MethodNotAllowed(request.method)
    private_key, public_key = crypto.generate_key_pair()
    return json_response({"private_key": private_key, "public_key": public_key}, headers={"Cache-Control": "no-store"})
