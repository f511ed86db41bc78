"""Groups: permissions that many users share."""

from gateway.users.base import Base
from gateway.users.permissions import permissions, validate_permissions
from shared.api.resource import Resource
from shared.schema.columns import text
from shared.security import authorization


class Group(Base):
    found_by = ("name",)

    name = text(80, unique=True)
    permissions = permissions()


groups = Resource(
    Group, filters=("name",), search=("name",), rules=(validate_permissions,), visible=authorization.users_only
)
