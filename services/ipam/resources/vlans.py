"""VLANs: numbered networks of the second layer."""

from sqlalchemy import ColumnElement, Text, cast
from sqlalchemy.orm import Session

from services.ipam.base import Base
from services.ipam.choices import ACTIVE, VLAN_STATUS
from shared.api.resource import Resource
from shared.custom_fields.column import CustomFields
from shared.schema import fields, parsing
from shared.schema.changes import Change
from shared.schema.columns import PROTECT, SET_NULL, Tracked, choice, computed, integer, reference, text


class VLAN(Base, CustomFields, Tracked):
    verbose_name = "VLAN"

    site_id = reference("dcim.site", on_delete=PROTECT, null=True, counted=True)
    group_id = reference("ipam.vlangroup", on_delete=PROTECT, null=True)
    vid = integer(1, 4094)
    name = text(64)
    tenant_id = reference("tenancy.tenant", on_delete=PROTECT, null=True)
    status = choice(VLAN_STATUS, default=ACTIVE)
    role_id = reference("ipam.role", on_delete=SET_NULL, null=True)
    description = text(100, blank=True)
    display_name = computed(fields.Text(), lambda vlan: cast(vlan.vid, Text) + " (" + vlan.name + ")")


def validate_group_site(session: Session, changes: list[Change]) -> None:
    """A group of a site holds VLANs of that site, a group of none those of none."""
    for change in changes:
        vlan = change.object
        if vlan.group_id and vlan.group.site_id != vlan.site_id:
            change.fail("The group must belong to the site of the VLAN.")


def by_vid(words: str) -> list[ColumnElement[bool]]:
    number = parsing.to_integer(words)
    return [VLAN.vid == number] if number is not None and 0 < number < 4095 else []


vlans = Resource(
    VLAN,
    csv_headings={"group_name": "group"},
    filters=("vid", "name", "site", "group", "tenant", "role", "status"),
    search=("name", "description"),
    search_extra=by_vid,
    order=("site.name", "group.site.name", "group.name", "vid"),
    unique=(("group", "vid"), ("group", "name")),
    part_of=("site", "group"),
    rules=(validate_group_site,),
)
