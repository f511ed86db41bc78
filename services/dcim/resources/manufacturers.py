"""Manufacturers: who makes device types, platforms and inventory items."""

from services.dcim.base import Base
from shared.api.resource import Resource
from shared.schema.columns import slug, text


class Manufacturer(Base):
    path = "manufacturers"

    name = text(50, unique=True)
    slug = slug()


manufacturers = Resource(Manufacturer, filters=("name", "slug"))
