"""Groups: permissions that many users share."""

from gateway.accounts.base import Base
from gateway.accounts.permissions import permissions, refuse_unknown
from shared import auth
from shared.columns import text
from shared.resource import Resource


class Group(Base):
    name = text(80, unique=True)
    permissions = permissions()


groups = Resource(Group, filters=("name",), search=("name",), rules=(refuse_unknown,), visible=auth.users_only)
