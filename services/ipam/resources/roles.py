"""Roles: what a prefix or a VLAN is for."""

from services.ipam.base import Base
from shared.api.resource import Resource
from shared.schema.columns import SMALL_MAX, integer, slug, text


class Role(Base):
    path = "roles"

    name = text(50, unique=True)
    slug = slug()
    weight = integer(0, SMALL_MAX, default=1000)


roles = Resource(Role, filters=("name", "slug"), order=("weight", "name"))
