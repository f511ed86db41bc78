"""VRFs: address spaces of their own, in which the same addresses may appear again."""

from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from services.ipam.base import Base
from shared.api.resource import Resource
from shared.custom_fields.column import CustomFields
from shared.schema import fields
from shared.schema.changes import Change
from shared.schema.columns import PROTECT, Tracked, boolean, computed, reference, text


class VRF(Base, CustomFields, Tracked):
    path = "vrfs"
    nested = ("name", "rd")
    key = "rd"
    verbose_name = "VRF"

    name = text(50)
    rd = text(21, unique=True, doc="Route distinguisher")
    tenant_id = reference("tenancy.tenant", on_delete=PROTECT, null=True)
    enforce_unique = boolean(True)
    description = text(100, blank=True)
    display_name = computed(fields.Text(), lambda vrf: vrf.name + " (" + vrf.rd + ")")


def on_save_update_prefix_order(session: Session, changes: list[Change]) -> None:
    """Prefixes are listed by the name and rd of their VRF, which each has as a stored key (see prefixes.py)."""
    renamed = [change.object.id for change in changes if not change.creating and change.changed("name", "rd")]
    if renamed:
        session.execute(
            sql(
                "UPDATE ipam_prefix SET vrf_order = vrf.name || chr(1) || vrf.rd FROM ipam_vrf vrf"
                " WHERE vrf.id = ipam_prefix.vrf_id AND vrf.id = ANY(:renamed)"
            ),
            {"renamed": renamed},
        )


vrfs = Resource(
    VRF,
    filters=("name", "rd", "enforce_unique", "tenant"),
    search=("name", "rd", "description"),
    order=("name", "rd"),
    after_save=(on_save_update_prefix_order,),
)
