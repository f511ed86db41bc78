"""Secret roles: kinds of secrets, and who may read them."""

from services.secrets.base import Base
from shared.api.resource import Resource
from shared.schema.columns import references, slug, text
from shared.security import authorization


class SecretRole(Base):
    path = "secret-roles"

    name = text(50, unique=True)
    slug = slug()
    users = references("users.user")
    groups = references("users.group")


secret_roles = Resource(SecretRole, filters=("name", "slug"), visible=authorization.users_only)
