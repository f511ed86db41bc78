"""VLAN groups: within one, VLANs have a vid and a name of their own."""

from services.ipam.base import Base
from shared.api.resource import Resource
from shared.schema.columns import PROTECT, reference, slug, text


class VLANGroup(Base):
    path = "vlan-groups"
    verbose_name = "VLAN group"

    name = text(50)
    slug = slug(unique=False)
    site_id = reference("dcim.site", on_delete=PROTECT, null=True)


vlan_groups = Resource(
    VLANGroup,
    filters=("name", "slug", "site"),
    order=("site.name", "name"),
    unique=(("site", "name"), ("site", "slug")),
)
