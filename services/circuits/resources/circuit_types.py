"""Circuit types: what circuits are sorted into."""

from services.circuits.base import Base
from shared.api.resource import Resource
from shared.schema.columns import slug, text


class CircuitType(Base):
    path = "circuit-types"

    name = text(50, unique=True)
    slug = slug()


circuit_types = Resource(CircuitType, filters=("name", "slug"))
