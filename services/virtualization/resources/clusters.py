"""Clusters: what virtual machines run in, perhaps all of it at one site."""

from sqlalchemy.orm import Session

from services.virtualization.base import Base
from shared.api.resource import Resource
from shared.custom_fields.column import CustomFields
from shared.references.consulting import consult
from shared.schema.changes import Change
from shared.schema.columns import PROTECT, Tracked, long_text, reference, text


class Cluster(Base, CustomFields, Tracked):
    name = text(100, unique=True)
    type_id = reference("virtualization.clustertype", on_delete=PROTECT)
    group_id = reference("virtualization.clustergroup", on_delete=PROTECT, null=True)
    site_id = reference("dcim.site", on_delete=PROTECT, null=True)
    comments = long_text()


def validate_site(session: Session, changes: list[Change[Cluster]]) -> None:
    """A cluster gets a site only if every device in it is there, which dcim knows. Raises ServiceUnavailable."""
    moved = {c.object.id: c for c in changes if not c.creating and c.changed("site_id") and c.object.site_id}
    hosted = consult(session, Cluster, moved, "dcim", "sites-of-hosts")
    for pk, known in hosted.items():
        if set(known["sites"]) - {moved[pk].object.site_id}:
            moved[pk].fail("Some of the devices in this cluster are at another site.")


clusters = Resource(
    Cluster,
    filters=("name", "group", "type", "site"),
    search=("name", "comments"),
    rules=(validate_site,),
)
