"""Manufacturers: who makes device types, platforms and inventory items."""

from services.dcim.base import Base
from shared.columns import slug, text
from shared.resource import Resource


class Manufacturer(Base):
    path = "manufacturers"

    name = text(50, unique=True)
    slug = slug()


manufacturers = Resource(Manufacturer, filters=("name", "slug"))
