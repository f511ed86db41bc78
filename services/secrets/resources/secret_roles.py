"""Secret roles: kinds of secrets, and who may read them."""

from services.secrets.base import Base
from shared import auth
from shared.columns import references, slug, text
from shared.resource import Resource


class SecretRole(Base):
    path = "secret-roles"

    name = text(50, unique=True)
    slug = slug()
    users = references("users.user")
    groups = references("users.group")


secret_roles = Resource(SecretRole, filters=("name", "slug"), visible=auth.users_only)
