"""Services: what a device or a virtual machine listens for, and on which of its addresses."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.ipam.base import Base
from services.ipam.choices import PROTOCOL
from services.ipam.resources.ip_addresses import Interface, IPAddress
from shared.api.resource import Resource
from shared.schema.changes import Change
from shared.schema.columns import CASCADE, Tracked, choice, integer, reference, references, text


class Service(Base, Tracked):
    path = "services"
    nested = ("name", "port", "protocol")
    key = "name"

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
        if not all(_serves(interfaces.get(ip.id), change.object) for ip in change.object.ipaddresses):
            change.fail("Every address must be on an interface of the device or virtual machine.", "ipaddresses")


def _serves(interface: Any, service: Service) -> bool:
    if interface is None:
        return False
    if service.virtual_machine_id:
        return interface.virtual_machine_id == service.virtual_machine_id
    if interface.device_id == service.device_id:
        return True
    return interface.chassis_master_id == service.device_id and not interface.mgmt_only


services = Resource(
    Service,
    filters=("name", "protocol", "port", "device", "virtual_machine"),
    order=("protocol", "port"),
    rules=(validate_parent, validate_addresses),
)
