"""Tenant groups: what tenants are sorted into."""

from services.tenancy.base import Base
from shared.columns import slug, text
from shared.resource import Resource


class TenantGroup(Base):
    path = "tenant-groups"

    name = text(50, unique=True)
    slug = slug()


tenant_groups = Resource(TenantGroup, filters=("name", "slug"))
