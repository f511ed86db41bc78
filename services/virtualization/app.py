"""The virtualization service: its resources, in URL order. The interfaces of machines are dcim's (docs/adr/0012)."""

from services.virtualization.base import Base
from services.virtualization.resources.cluster_groups import cluster_groups
from services.virtualization.resources.cluster_types import cluster_types
from services.virtualization.resources.clusters import clusters
from services.virtualization.resources.virtual_machines import virtual_machines
from shared.api.app import create_app

RESOURCES = (cluster_types, cluster_groups, clusters, virtual_machines)

app = create_app(Base, RESOURCES)
