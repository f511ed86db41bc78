"""RIRs: the registries that hand out address space."""

from services.ipam.base import Base
from shared.api.resource import Resource
from shared.schema.columns import boolean, slug, text


class RIR(Base):
    path = "rirs"
    verbose_name = "RIR"

    name = text(50, unique=True)
    slug = slug()
    is_private = boolean(False)


rirs = Resource(RIR, filters=("name", "slug", "is_private"))
