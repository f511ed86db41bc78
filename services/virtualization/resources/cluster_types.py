"""Cluster types: the technologies that clusters run on."""

from services.virtualization.base import Base
from shared.api.resource import Resource
from shared.schema.columns import slug, text


class ClusterType(Base):
    path = "cluster-types"

    name = text(50, unique=True)
    slug = slug()


cluster_types = Resource(ClusterType, filters=("name", "slug"))
