"""The circuits service: its resources, in URL order."""

from services.circuits.base import Base
from services.circuits.resources.circuit_terminations import (
    circuit_terminations,
    interface_terminations,
    site_counts,
    topology,
)
from services.circuits.resources.circuit_types import circuit_types
from services.circuits.resources.circuits import circuits
from services.circuits.resources.providers import providers
from shared.api.app import create_app

RESOURCES = (providers, circuit_types, circuits, circuit_terminations)

app = create_app(
    Base,
    RESOURCES,
    internal_queries={
        "site-counts": site_counts,
        "interface-terminations": interface_terminations,
        "topology": topology,
    },
)
