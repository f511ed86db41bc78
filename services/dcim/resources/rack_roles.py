"""Rack roles: what racks are for."""

from services.dcim.base import Base
from shared.columns import color, slug, text
from shared.resource import Resource


class RackRole(Base):
    path = "rack-roles"

    name = text(50, unique=True)
    slug = slug()
    color = color()


rack_roles = Resource(RackRole, filters=("name", "slug", "color"))
