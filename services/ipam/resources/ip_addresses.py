"""IP addresses: single hosts, maybe on an interface."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Computed, Index, and_, func, or_, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import aliased, mapped_column

from services.ipam import filters
from services.ipam.base import Base
from services.ipam.choices import ACTIVE, ADDRESS_ROLE, ADDRESS_STATUS
from services.ipam.columns import Inet, address, family_of, host_of
from services.ipam.containment import lying_in
from services.ipam.vrf_locks import validate_unique_in_vrf
from shared.api.resource import DependentFacts, Resource
from shared.custom_fields.column import CustomFields
from shared.query.filter_base import Filter, SetFilter, one_of
from shared.query.filters import ReferenceFilter
from shared.references.invariants import when_changed
from shared.schema import fields
from shared.schema.columns import CASCADE, PROTECT, SET_NULL, Tracked, choice, computed, reference, text
from shared.schema.representations import subface


class IPAddress(Base, CustomFields, Tracked):
    """`host` is the address without its mask: what lists are ordered by, and what must be unique."""

    verbose_name = "IP address"
    listed_by = ("host",)

    family = family_of("address")
    address = address()
    vrf_id = reference("ipam.vrf", on_delete=PROTECT, null=True, counted=True)
    tenant_id = reference("tenancy.tenant", on_delete=PROTECT, null=True, counted=True)
    status = choice(ADDRESS_STATUS, default=ACTIVE)
    role = choice(ADDRESS_ROLE, null=True)
    interface_id = reference("dcim.interface", on_delete=CASCADE, null=True)
    description = text(100, blank=True)
    nat_inside_id = reference("ipam.ipaddress", on_delete=SET_NULL, null=True, unique=True)
    nat_outside = computed(
        fields.Json(),
        lambda inside: subface(IPAddress, IPAddress.nested, lambda outside: outside.nat_inside_id == inside.id),
    )
    host = mapped_column(
        Inet, Computed("set_masklen(address, CASE family(address) WHEN 4 THEN 32 ELSE 128 END)", persisted=True)
    )

    @hybrid_property
    def nat_inside_interface_id(self) -> Any:
        """Published: dcim lets a device's primary address be one that is translated to an address of its own."""
        return self.nat_inside and self.nat_inside.interface_id

    @nat_inside_interface_id.inplace.expression
    @classmethod
    def _nat_inside_interface_id(cls) -> ColumnElement[int | None]:
        inside = aliased(IPAddress)
        return select(inside.interface_id).where(inside.id == cls.nat_inside_id).scalar_subquery()

    @hybrid_property
    def virtual_machine_id(self) -> Any:
        """Published, as is that of the inside: the primary address of a machine is on one of its interfaces."""
        interface = aliased(Interface)
        return select(interface.virtual_machine_id).where(interface.id == self.interface_id).scalar_subquery()

    @hybrid_property
    def nat_inside_virtual_machine_id(self) -> Any:
        interface, inside = aliased(Interface), aliased(IPAddress)
        machine = select(interface.virtual_machine_id).join(inside, inside.interface_id == interface.id)
        return machine.where(inside.id == self.nat_inside_id).scalar_subquery()


# The addresses on an interface, and those that are translated to one of them.
ON_INTERFACE = """
    SELECT id FROM ipam_ipaddress WHERE interface_id = $1.id UNION
    SELECT a.id FROM ipam_ipaddress i
    CROSS JOIN LATERAL (SELECT id FROM ipam_ipaddress WHERE nat_inside_id = i.id OFFSET 0) a
    WHERE i.interface_id = $1.id
"""

TRANSLATED = "SELECT id FROM ipam_ipaddress WHERE nat_inside_id = $1.id"
Index("ix_ipam_ipaddress_mask", func.masklen(IPAddress.address))

Interface, Device, Machine = map(Base.model_of, ("dcim.interface", "dcim.device", "virtualization.virtualmachine"))


def of_device(own: Any, master: Any, values: Sequence[object]) -> ColumnElement[bool]:
    """On an interface of a device, or, if it is the master of its chassis, on one of any member's that it manages."""
    owned = or_(one_of(own, values), and_(one_of(master, values), ~Interface.mgmt_only))
    return IPAddress.interface_id.in_(select(Interface.id).where(owned))


def of_device_id(written: list[str]) -> ColumnElement[bool] | None:
    numbers = [number for text in written if (number := filters.id_of(text)) is not None]
    if len(numbers) < len(written):
        return None
    return of_device(Interface.device_id, Interface.chassis_master_id, numbers)


def of_device_name(written: list[str]) -> ColumnElement[bool]:
    return of_device(Interface.device_name, Interface.chassis_master_name, written)


def of_machine(column: Any, written: str, value: int | str | None) -> ColumnElement[bool] | None:
    """On an interface whose fact `column` is that of a machine; without a machine are those of devices and of none."""
    if written.lower() in ("null", "0"):
        on_machines = select(Interface.id).where(Interface.virtual_machine_id.is_not(None))
        return or_(IPAddress.interface_id.is_(None), IPAddress.interface_id.not_in(on_machines))
    return None if value is None else IPAddress.interface_id.in_(select(Interface.id).where(column == value))


ip_addresses = Resource(
    IPAddress,
    csv_headings={
        "device": "interface.device",
        "virtual_machine": "interface.virtual_machine",
        "interface_name": "interface",
        "is_primary": "",
    },
    filters=(
        filters.FamilyFilter(IPAddress.host),
        filters.AddressFilter("parent", filters.lying(IPAddress.host, filters.strictly_within)),
        filters.AddressFilter("address", filters.equal_to(IPAddress.address, IPAddress.host)),
        filters.MaskFilter(IPAddress.address),
        "vrf",
        "tenant",
        SetFilter("device_id", of_device_id, Device),
        SetFilter("device", of_device_name),
        Filter(
            "virtual_machine_id",
            lambda text: of_machine(Interface.virtual_machine_id, text, filters.id_of(text)),
            Machine,
        ),
        Filter("virtual_machine", lambda text: of_machine(Interface.virtual_machine_name, text, text)),
        ReferenceFilter("interface_id", IPAddress, ("interface",), by_key=False),
        "status",
        "role",
    ),
    search=("description",),
    search_extra=filters.starts_with(IPAddress.address),
    order=("host",),
    belonging={"ipam.prefix": lying_in("ipam.prefix", "parent")},
    part_of=("vrf", "interface"),
    rules=(validate_unique_in_vrf("host", lambda ip: host_of(ip.address)),),
    after_save=(when_changed("ipam.ipaddress", "interface_id"),),
    dependent_facts=(
        DependentFacts("ipam.ipaddress", ("interface_id",), TRANSLATED),
        DependentFacts("dcim.interface", ("virtual_machine_id",), ON_INTERFACE),
    ),
)
