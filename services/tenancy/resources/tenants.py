"""Tenants: who a site, a rack, a prefix or a circuit is for."""

from services.tenancy.base import Base
from shared.api.resource import Resource
from shared.custom_fields.column import CustomFields
from shared.schema.columns import SET_NULL, Tracked, long_text, reference, slug, text


class Tenant(Base, CustomFields, Tracked):
    name = text(30, unique=True)
    slug = slug()
    group_id = reference("tenancy.tenantgroup", on_delete=SET_NULL, null=True)
    description = text(100, blank=True)
    comments = long_text()


tenants = Resource(
    Tenant,
    filters=("name", "group"),
    search=("name", "description", "comments"),
    order=("group.name", "name"),
)
