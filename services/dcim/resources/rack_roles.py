"""Rack roles: what racks are for."""

from services.dcim.base import Base
from shared.api.resource import Resource
from shared.schema.columns import color, slug, text


class RackRole(Base):
    path = "rack-roles"

    name = text(50, unique=True)
    slug = slug()
    color = color()


rack_roles = Resource(RackRole, filters=("name", "slug", "color"))
