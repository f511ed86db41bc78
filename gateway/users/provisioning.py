"""`POST /api/users/tokens/provision/`: a token for a username and its password."""

from flask import Blueprint, Response, request
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from gateway.users.login import log_in
from gateway.users.resources.tokens import tokens
from gateway.users.resources.users import Password
from shared import JsonObject
from shared.api import transaction, writing
from shared.api.openapi import operation
from shared.api.options import allows
from shared.api.resource import ALL
from shared.http import request_body
from shared.http.context import context
from shared.http.errors import BadRequest, MethodNotAllowed
from shared.schema import fields, representations
from shared.security.identity import Identity

blueprint = Blueprint("provision", __name__)


class Credentials(representations.BaseSchema):
    username = fields.Text(150, required=True)
    password = Password(required=True)


Asked = representations.BaseSchema.from_dict(
    Credentials._declared_fields | representations.patch_schema(tokens.model)._declared_fields, name="TokenRequest"
)


@blueprint.route("/api/users/tokens/provision/", methods=ALL)
@operation(
    "POST",
    "Get a token for a username and password",
    representations.write_schema(tokens.model),
    body=Asked,
    status=201,
)
@allows("POST")
def provision() -> Response:
    if request.method != "POST":
        raise MethodNotAllowed(request.method)
    sent = request_body.require_object(request_body.body())
    try:
        credentials = Credentials().load(sent)
    except ValidationError as error:
        raise BadRequest(error.messages) from error
    with log_in(credentials["username"], credentials["password"], request.remote_addr or "") as (_, user):
        context().identity = Identity(user.id, user.username, user.is_superuser, write=True)
    item = {**sent, "user": user.id}

    def create(session: Session) -> JsonObject:
        return writing.dump(tokens, writing.create(session, tokens, [item]))[0]

    return transaction.write(tokens, False, create, 201)
