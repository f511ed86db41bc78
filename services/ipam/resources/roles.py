"""Roles: what a prefix or a VLAN is for."""

from services.ipam.base import Base
from shared.columns import SMALL_MAX, integer, slug, text
from shared.resource import Resource


class Role(Base):
    path = "roles"

    name = text(50, unique=True)
    slug = slug()
    weight = integer(0, SMALL_MAX, default=1000)


roles = Resource(Role, filters=("name", "slug"), order=("weight", "name"))
