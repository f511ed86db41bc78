"""The accounts, served by the gateway itself below `/api/users/`: their resources, in URL order."""

from gateway.accounts import lending, permissions, provisioning
from gateway.accounts.base import Base
from gateway.accounts.resources.groups import groups
from gateway.accounts.resources.tokens import tokens
from gateway.accounts.resources.users import users
from shared.app import create_app

RESOURCES = (users, groups, tokens)

app = create_app(
    Base,
    RESOURCES,
    routes=(("permissions", permissions.blueprint), ("", provisioning.blueprint), ("", lending.blueprint)),
)
