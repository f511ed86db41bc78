"""Cluster groups: what clusters are gathered into."""

from services.virtualization.base import Base
from shared.api.resource import Resource
from shared.schema.columns import slug, text


class ClusterGroup(Base):
    path = "cluster-groups"

    name = text(50, unique=True)
    slug = slug()


cluster_groups = Resource(ClusterGroup, filters=("name", "slug"))
