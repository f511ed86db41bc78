"""Services: what a device or a virtual machine listens for, and on which of its addresses."""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from services.ipam.base import Base
from services.ipam.choices import PROTOCOL
from services.ipam.resources.ip_addresses import Interface, IPAddress
from shared.api.resource import Resource
from shared.references.invariants import Invariant, among_rows
from shared.references.owning import among
from shared.schema.changes import Change
from shared.schema.columns import CASCADE, Tracked, choice, integer, reference, references, text


class Service(Base, Tracked):
    path = "services"
    nested = ("name", "port", "protocol")
    key = "name"
    identified_by = ("device", "virtual_machine", "protocol", "port", "name")

    device_id = reference("dcim.device", on_delete=CASCADE, null=True)
    virtual_machine_id = reference("virtualization.virtualmachine", on_delete=CASCADE, null=True)
    name = text(30)
    port = integer(1, 65535)
    protocol = choice(PROTOCOL)
    ipaddresses = references("ipam.ipaddress")
    description = text(100, blank=True)


def validate_parent(session: Session, changes: list[Change[Service]]) -> None:
    for change in changes:
        if [change.object.device_id, change.object.virtual_machine_id].count(None) != 1:
            change.fail("A service is of one device, or of one virtual machine.")


def validate_addresses(session: Session, changes: list[Change[Service]]) -> None:
    """The addresses are on interfaces of the machine, or of the device or its chassis where it is the master."""
    moved = [change for change in changes if change.changed("device_id", "virtual_machine_id", "ipaddresses")]
    used = {address.id for change in moved for address in change.object.ipaddresses}
    on = select(IPAddress.id, Interface).join(Interface, Interface.id == IPAddress.interface_id)
    interfaces = dict(map(tuple, session.execute(on.where(IPAddress.id.in_(used))))) if used else {}
    for change in moved:
        addresses = change.object.ipaddresses
        astray = [ip.address for ip in addresses if not _serves(interfaces.get(ip.id), change.object)]
        if astray:
            message = "Every address must be on an interface of the device or virtual machine"
            change.fail(f"{message}; not so {', '.join(astray)}.", "ipaddresses")


def _serves(interface: Any, service: Service) -> bool:
    if interface is None:
        return False
    if service.virtual_machine_id:
        return interface.virtual_machine_id == service.virtual_machine_id
    if interface.device_id == service.device_id:
        return True
    return interface.chassis_master_id == service.device_id and not interface.mgmt_only


def _kept() -> ColumnElement[bool]:
    ip, service = aliased(IPAddress), aliased(Service)
    on_device = Interface.id == ip.interface_id
    owned = or_(
        Interface.virtual_machine_id == service.virtual_machine_id,
        Interface.device_id == service.device_id,
        and_(Interface.chassis_master_id == service.device_id, ~Interface.mgmt_only),
    )
    return exists().where(ip.id == _used.c.target_id, service.id == _used.c.owner_id, on_device, owned)


_used = Service.metadata.tables["ipam_service_ipaddresses"]
on_the_device = Invariant(
    "ipam.service",
    _used.c.target_id,
    _kept,
    {
        "ipam.ipaddress": among_rows(_used.c.target_id),
        "dcim.interface": lambda ids: _used.c.target_id.in_(
            select(IPAddress.id).where(among(IPAddress.interface_id, ids))
        ),
    },
)

services = Resource(
    Service,
    filters=("name", "protocol", "port", "device", "virtual_machine"),
    order=("protocol", "port"),
    rules=(validate_parent, validate_addresses),
    invariants=(on_the_device,),
)
