"""Prefixes: networks, with what they are used for and where."""

from ipaddress import ip_network

from sqlalchemy import ColumnElement, Index, Text, func, select
from sqlalchemy.orm import Session, mapped_column

from services.ipam import address_map, available, filters, utilization
from services.ipam.base import Base
from services.ipam.choices import ACTIVE, PREFIX_STATUS
from services.ipam.columns import family_of, network
from services.ipam.containment import lying_in
from services.ipam.resources.vlans import VLAN
from services.ipam.vrf_locks import validate_unique_in_vrf
from shared.api.resource import Action, Resource
from shared.custom_fields.column import CustomFields
from shared.query.filters import NumberFilter, ReferenceFilter
from shared.schema.changes import Change
from shared.schema.columns import PROTECT, SET_NULL, Tracked, boolean, choice, reference, text


class Prefix(Base, CustomFields, Tracked):
    """`vrf_order` is the name and rd of the VRF: a list is in their order, and only a stored key can be indexed."""

    path = "prefixes"
    nested = ("family", "prefix")
    key = "prefix"
    identified_by = ("vrf", "prefix")

    family = family_of("prefix")
    prefix = network()
    site_id = reference("dcim.site", on_delete=PROTECT, null=True, counted=True)
    vrf_id = reference("ipam.vrf", on_delete=PROTECT, null=True, counted=True)
    tenant_id = reference("tenancy.tenant", on_delete=PROTECT, null=True, counted=True)
    vlan_id = reference("ipam.vlan", on_delete=PROTECT, null=True)
    status = choice(PREFIX_STATUS, default=ACTIVE)
    role_id = reference("ipam.role", on_delete=SET_NULL, null=True, counted=True)
    is_pool = boolean(False)
    description = text(100, blank=True)
    vrf_order = mapped_column(Text(collation="C"))


Index("ix_ipam_prefix_space", Prefix.prefix, Prefix.vrf_id)
Index("ix_ipam_prefix_tree", Prefix.prefix, postgresql_using="spgist")
Index("ix_ipam_prefix_mask", func.masklen(Prefix.prefix))


class VlanVidFilter(NumberFilter):
    """`vlan_vid`: the number of the VLAN rather than its id."""

    def __init__(self) -> None:
        super().__init__("vlan_vid", VLAN.vid)

    def of_rows(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        return Prefix.vlan_id.in_(select(VLAN.id).where(condition))

    def missing(self) -> ColumnElement[bool]:
        return Prefix.vlan_id.is_(None)


def validate_not_single_host(session: Session, changes: list[Change]) -> None:
    for change in changes:
        if ip_network(change.object.prefix).num_addresses == 1:
            change.fail("A single host is no prefix; create an IP address instead.")


def set_vrf_order(session: Session, changes: list[Change]) -> None:
    for change in changes:
        vrf = change.object.vrf
        change.object.vrf_order = f"{vrf.name}\x01{vrf.rd}" if vrf else None


prefixes = Resource(
    Prefix,
    csv_headings={"vlan_group": "vlan.group", "vlan_vid": "vlan"},
    filters=(
        filters.FamilyFilter(Prefix.prefix),
        "is_pool",
        filters.AddressFilter("within", filters.lying(Prefix.prefix, filters.strictly_within)),
        filters.AddressFilter("within_include", filters.lying(Prefix.prefix, filters.within)),
        filters.AddressFilter("contains", filters.containing(Prefix.prefix)),
        filters.MaskFilter(Prefix.prefix),
        "vrf",
        "tenant",
        "site",
        ReferenceFilter("vlan_id", Prefix, ("vlan",), by_key=False),
        VlanVidFilter(),
        "role",
        "status",
    ),
    search=("description",),
    search_extra=filters.search_containing(Prefix.prefix),
    order=("vrf_order?", "prefix"),
    belonging={
        "ipam.prefix": lying_in("ipam.prefix", "within"),
        "ipam.aggregate": lying_in("ipam.aggregate", "within_include"),
    },
    part_of=("vrf", "site"),
    rules=(validate_not_single_host, validate_unique_in_vrf("prefix", lambda prefix: prefix.prefix)),
    before_save=(set_vrf_order,),
    actions=(
        *available.actions(Prefix),
        Action("utilization", utilization.draw, media="image/svg+xml"),
        Action("map", address_map.draw, media="image/svg+xml"),
    ),
)
