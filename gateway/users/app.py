"""The accounts, served by the gateway itself below `/api/users/`: their resources, in URL order."""

from gateway.users import delegated_tokens, permissions, provisioning
from gateway.users.base import Base
from gateway.users.resources.groups import groups
from gateway.users.resources.tokens import tokens
from gateway.users.resources.users import users
from shared.api.app import create_app

RESOURCES = (users, groups, tokens)

app = create_app(
    Base,
    RESOURCES,
    routes=(("permissions", permissions.blueprint), ("", provisioning.blueprint), ("", delegated_tokens.blueprint)),
)
