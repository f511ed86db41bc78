"""Tenant groups: what tenants are sorted into."""

from services.tenancy.base import Base
from shared.api.resource import Resource
from shared.schema.columns import slug, text


class TenantGroup(Base):
    path = "tenant-groups"

    name = text(50, unique=True)
    slug = slug()


tenant_groups = Resource(TenantGroup, filters=("name", "slug"))
