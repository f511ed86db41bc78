"""Circuit types: what circuits are sorted into."""

from services.circuits.base import Base
from shared.columns import slug, text
from shared.resource import Resource


class CircuitType(Base):
    path = "circuit-types"

    name = text(50, unique=True)
    slug = slug()


circuit_types = Resource(CircuitType, filters=("name", "slug"))
