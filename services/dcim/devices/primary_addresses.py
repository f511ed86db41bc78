"""Primary addresses: on an interface of the device, for as long as they are there."""

from typing import Any

from sqlalchemy import Column, ColumnElement, FromClause, exists, or_, select
from sqlalchemy.orm import Session, aliased

from services.dcim.base import Base
from shared.references.invariants import Invariant, among_rows
from shared.references.owning import among
from shared.schema.changes import Change

FAMILIES = (("primary_ip4", "IPv4"), ("primary_ip6", "IPv6"))


def validate_primary_addresses(session: Session, changes: list[Change]) -> None:
    """A primary address, or its NAT inside address, is on an interface of the device, or of the chassis that it leads.

    If an address moves away later, the device no longer has it as its primary one.
    """
    for name, family in FAMILIES:
        concerned = [change for change in changes if getattr(change.object, f"{name}_id") and not change.errors]
        owned = _owned(session, {change.object.id for change in concerned} - {None}) if concerned else set()
        for change in concerned:
            address = getattr(change.object, name)
            places = {address.interface_id, address.nat_inside_interface_id}
            if any((change.object.id, place) in owned for place in places):
                continue
            if change.changed(f"{name}_id"):
                change.fail(f"The primary {family} address is not on an interface of this device.")
            else:
                setattr(change.object, f"{name}_id", None)


def _owned(session: Session, device_ids: set[int]) -> set[tuple[int, int]]:
    """(device, interface) pairs: whose addresses may be primary for which device."""
    device, chassis = Base.model_of("dcim.device"), Base.model_of("dcim.virtualchassis")
    interface = Base.model_of("dcim.interface")
    own = select(interface.device_id, interface.id).where(interface.device_id.in_(device_ids))
    managed = (
        select(chassis.master_id, interface.id)
        .join(device, device.virtual_chassis_id == chassis.id)
        .join(interface, interface.device_id == device.id)
        .where(chassis.master_id.in_(device_ids), ~interface.mgmt_only)
    )
    return {tuple(row) for row in session.execute(own.union(managed))}


def on_own_interface(column: Column[Any]) -> Invariant:
    """The same of a `column` of devices: moving an address, an interface or a member lets go of it."""
    devices = column.table
    return Invariant(
        "dcim.device",
        column,
        lambda: _kept(column, devices),
        {
            "ipam.ipaddress": among_rows(column),
            "dcim.interface": lambda ids: column.in_(_addresses_on(lambda interface: among(interface.id, ids))),
            "dcim.device": lambda ids: column.in_(_addresses_on(lambda interface: among(interface.device_id, ids))),
            "dcim.virtualchassis": among_rows(devices.c.virtual_chassis_id),
        },
    )


def _addresses_on(which: Any) -> Any:
    address, interface = aliased(Base.model_of("ipam.ipaddress")), aliased(Base.model_of("dcim.interface"))
    place = or_(interface.id == address.interface_id, interface.id == address.nat_inside_interface_id)
    return select(address.id).join(interface, place).where(which(interface))


def _kept(address_id: Column[Any], devices: FromClause) -> ColumnElement[bool]:
    device_id = devices.c.id
    interface, chassis = aliased(Base.model_of("dcim.interface")), aliased(Base.model_of("dcim.virtualchassis"))
    address, member = aliased(Base.model_of("ipam.ipaddress")), aliased(Base.model_of("dcim.device"))
    place = or_(interface.id == address.interface_id, interface.id == address.nat_inside_interface_id)
    members = select(member.id).join(chassis, chassis.id == member.virtual_chassis_id)
    led = ~interface.mgmt_only & interface.device_id.in_(
        members.where(chassis.master_id == device_id).correlate(devices)
    )
    return exists().where(address.id == address_id, place, or_(interface.device_id == device_id, led))
