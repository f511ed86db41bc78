"""Rack groups: parts of a site that hold racks, such as rooms or rows."""

from services.dcim.base import Base
from shared.api.resource import Resource
from shared.schema.columns import CASCADE, reference, slug, text


class RackGroup(Base):
    path = "rack-groups"

    name = text(50)
    slug = slug(unique=False)
    site_id = reference("dcim.site", on_delete=CASCADE)


rack_groups = Resource(
    RackGroup,
    filters=("name", "slug", "site"),
    order=("site.name", "name"),
    unique=(("site", "name"), ("site", "slug")),
)
