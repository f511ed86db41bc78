"""`POST /api/users/tokens/provision/`: a token for a username and its password."""

from flask import Blueprint, g, request
from marshmallow import ValidationError

from gateway.accounts.login import log_in
from gateway.accounts.resources.tokens import tokens
from gateway.accounts.resources.users import Password
from shared import bodies, faces, fields, views, writes
from shared.documents import operation
from shared.errors import Invalid, NotAllowed
from shared.identity import Identity
from shared.replies import json_reply
from shared.resource import ALL

blueprint = Blueprint("provision", __name__)


class Credentials(faces.BaseSchema):
    username = fields.Text(150, required=True)
    password = Password(required=True)


Asked = faces.BaseSchema.from_dict(
    Credentials._declared_fields | faces.patch_schema(tokens.model)._declared_fields, name="TokenRequest"
)


@blueprint.route("/api/users/tokens/provision/", methods=ALL)
@operation("POST", "Get a token for a username and password", faces.write_schema(tokens.model), body=Asked, status=201)
def provision():
    if request.method != "POST":
        raise NotAllowed(request.method)
    sent = bodies.require_object(bodies.body())
    try:
        credentials = Credentials().load(sent)
    except ValidationError as error:
        raise Invalid(error.messages) from error
    with log_in(credentials["username"], credentials["password"], request.remote_addr or "") as (_, user):
        g.identity = Identity(user.id, user.username, user.is_superuser, write=True)
    item = {**sent, "user": user.id}
    made = views.write(tokens, False, lambda session: writes.dump(tokens, writes.create(session, tokens, [item])))
    return json_reply(made[0], 201)


provision.verbs = ("POST",)
