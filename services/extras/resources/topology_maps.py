"""Topology maps: drawings of how devices are connected, tier by tier."""

from marshmallow import ValidationError
from sqlalchemy import Text
from sqlalchemy.orm import Session

from services.extras.base import Base
from services.extras.topology import IMAGE, every_pattern, fault, render, tiers, too_much
from shared.api.resource import Action, Resource
from shared.schema import columns, fields
from shared.schema.changes import Change
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


def validate_patterns(session: Session, changes: list[Change]) -> None:
    """All patterns are judged at once, and one by one only where there is a fault among them."""
    judged = [each for each in changes if not each.restored and each.changed("device_patterns")]
    connection = session.connection()
    if not fault(connection, [each for change in judged for each in every_pattern(change.object.device_patterns)]):
        return
    for change in judged:
        for pattern in every_pattern(change.object.device_patterns):
            if why := fault(connection, [pattern]):
                change.fail(f'"{pattern}" is no regular expression: {why}.', "device_patterns")
                break


topology_maps = Resource(
    TopologyMap,
    filters=("name", "slug", "site"),
    rules=(validate_patterns,),
    actions=(Action("render", render, media="image/png", query=(IMAGE,), summary="Drawing"),),
)
