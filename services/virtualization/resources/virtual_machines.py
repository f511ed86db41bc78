"""Virtual machines: what runs in a cluster."""

from typing import Any

from sqlalchemy import Column, ColumnElement, exists, func, or_, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Session, aliased

from services.virtualization.base import Base
from services.virtualization.choices import ACTIVE, MACHINE_STATUS
from services.virtualization.resources.clusters import Cluster
from shared.api.resource import DependentFacts, Related, Resource
from shared.config import settings
from shared.custom_fields.column import CustomFields
from shared.query.filters import ReferenceFilter
from shared.references.invariants import Invariant, among_rows
from shared.schema import fields
from shared.schema.changes import Change
from shared.schema.columns import (
    PROTECT,
    SET_NULL,
    Tracked,
    choice,
    computed,
    integer,
    long_text,
    no_tags,
    reference,
    text,
)
from shared.schema.representations import subface

FAMILIES = {"primary_ip4": 4, "primary_ip6": 6}


def primary_ip(machine: Any) -> ColumnElement[Any]:
    """The nested face of the address to reach `machine` at: IPv6 unless IPv4 is preferred or the only one."""
    order = (machine.primary_ip6_id, machine.primary_ip4_id)
    chosen = func.coalesce(*(reversed(order) if settings.prefer_ipv4 else order))
    return subface(Base.model_of("ipam.ipaddress"), None, lambda address: address.id == chosen)


class VirtualMachine(Base, CustomFields, Tracked):
    name = text(64, unique=True)
    status = choice(MACHINE_STATUS, default=ACTIVE)
    cluster_id = reference("virtualization.cluster", on_delete=PROTECT)
    role_id = reference("dcim.devicerole", on_delete=PROTECT, null=True)
    tenant_id = reference("tenancy.tenant", on_delete=PROTECT, null=True)
    platform_id = reference("dcim.platform", on_delete=SET_NULL, null=True)
    primary_ip = computed(fields.Json(), primary_ip)
    primary_ip4_id = reference("ipam.ipaddress", on_delete=SET_NULL, null=True, unique=True)
    primary_ip6_id = reference("ipam.ipaddress", on_delete=SET_NULL, null=True, unique=True)
    vcpus = integer(0, 32767, null=True)
    memory = integer(null=True)
    disk = integer(null=True)
    comments = long_text()
    tags = no_tags()

    @hybrid_property
    def site_id(self) -> Any:
        """Published: the VLANs of its interfaces are of that site, or of none."""
        return select(Cluster.site_id).where(Cluster.id == self.cluster_id).scalar_subquery()


def validate_primary_addresses(session: Session, changes: list[Change[VirtualMachine]]) -> None:
    """A primary address is of its family; it, or its NAT inside address, is on an interface of the machine."""
    for name, family in FAMILIES.items():
        for change in (each for each in changes if each.changed(f"{name}_id")):
            address = getattr(change.object, name)
            if address is None:
                continue
            machines = {address.virtual_machine_id, address.nat_inside_virtual_machine_id} - {None}
            if address.family != family:
                change.fail(f"This is no IPv{family} address.", name)
            elif change.object.id not in machines:
                change.fail("The address is not on an interface of this virtual machine.", name)


def on_own_interface(column: Column[Any]) -> Invariant:
    """The same of a `column` at any time: an address or an interface that moves away is let go."""

    def kept() -> ColumnElement[bool]:
        address = aliased(Base.model_of("ipam.ipaddress"))
        machine = column.table.c.id
        here = or_(address.virtual_machine_id == machine, address.nat_inside_virtual_machine_id == machine)
        return exists().where(address.id == column, here)

    return Invariant(VirtualMachine.label, column, kept, {"ipam.ipaddress": among_rows(column)})


virtual_machines = Resource(
    VirtualMachine,
    filters=(
        "name",
        "status",
        ReferenceFilter("cluster", VirtualMachine, ("cluster",), by_key=False),
        Related("cluster", "cluster", only_id=True),
        Related("cluster_group", "cluster", "group"),
        Related("cluster_type", "cluster", "type"),
        Related("site", "cluster", "site"),
        "role",
        "tenant",
        "platform",
    ),
    search=("name", "comments"),
    rules=(validate_primary_addresses,),
    invariants=(
        on_own_interface(VirtualMachine.__table__.c.primary_ip4_id),
        on_own_interface(VirtualMachine.__table__.c.primary_ip6_id),
    ),
    dependent_facts=(
        DependentFacts(
            "virtualization.cluster",
            ("site_id",),
            "SELECT id FROM virtualization_virtualmachine WHERE cluster_id = $1.id",
        ),
    ),
)
