"""Topology maps: drawings of how devices are connected, tier by tier."""

from marshmallow import ValidationError
from sqlalchemy import Text

from services.extras.base import Base
from services.extras.topology import IMAGE, render, tiers, too_much
from shared.api.resource import Action, Resource
from shared.schema import columns, fields
from shared.schema.columns import CASCADE, reference, text


class Patterns(fields.Text):
    def check(self, text: str) -> str:
        if why := too_much(tiers(text)):
            raise ValidationError(why)
        return text


class TopologyMap(Base):
    path = "topology-maps"

    name = text(50, unique=True)
    slug = columns.slug()
    site_id = reference("dcim.site", on_delete=CASCADE, null=True)
    device_patterns = columns.column(Text, Patterns())
    description = text(100, blank=True)


topology_maps = Resource(
    TopologyMap,
    filters=("name", "slug", "site"),
    actions=(Action("render", render, media="image/png", query=(IMAGE,), summary="Drawing"),),
)
