"""`generate-rsa-key-pair`: a new key pair for a user who has no other way to make one. Nothing of it is kept."""

from flask import Blueprint, request

from services.secrets import crypto
from shared import auth, shapes
from shared.documents import operation
from shared.errors import NotAllowed
from shared.replies import json_reply
from shared.resource import ALL

blueprint = Blueprint("generate-rsa-key-pair", __name__)


@blueprint.route("/api/secrets/generate-rsa-key-pair/", methods=ALL)
@operation("GET", "Generate an RSA key pair", shapes.texts("private_key", "public_key"))
def generate_rsa_key_pair():
    auth.require_user()
    if request.method != "GET":
        raise NotAllowed(request.method)
    private_key, public_key = crypto.generate_key_pair()
    return json_reply({"private_key": private_key, "public_key": public_key}, headers={"Cache-Control": "no-store"})


generate_rsa_key_pair.verbs = ("GET",)
