"""Services: what a device listens for, and on which of its addresses."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.ipam import filters
from services.ipam.base import Base
from services.ipam.choices import PROTOCOL
from services.ipam.resources.ip_addresses import Interface, IPAddress
from shared.api.resource import Resource
from shared.schema.changes import Change
from shared.schema.columns import CASCADE, Tracked, absent, choice, integer, reference, references, text


class Service(Base, Tracked):
    path = "services"
    nested = ("name", "port", "protocol")
    key = "name"

    device_id = reference("dcim.device", on_delete=CASCADE)
    virtual_machine = absent()
    name = text(30)
    port = integer(1, 65535)
    protocol = choice(PROTOCOL)
    ipaddresses = references("ipam.ipaddress")
    description = text(100, blank=True)


def validate_addresses(session: Session, changes: list[Change]) -> None:
    """The addresses are on interfaces of the device, or of its chassis where it is the master."""
    moved = [change for change in changes if change.changed("device_id", "ipaddresses")]
    used = {address.id for change in moved for address in change.object.ipaddresses}
    on = select(IPAddress.id, Interface).join(Interface, Interface.id == IPAddress.interface_id)
    interfaces = dict(map(tuple, session.execute(on.where(IPAddress.id.in_(used))))) if used else {}
    for change in moved:
        addresses = change.object.ipaddresses
        astray = [ip.address for ip in addresses if not _serves(interfaces.get(ip.id), change.object.device_id)]
        if astray:
            change.fail(
                f"Every address must be on an interface of the device; not so {', '.join(astray)}.", "ipaddresses"
            )


def _serves(interface: Any, device_id: int) -> bool:
    if interface is None:
        return False
    return interface.device_id == device_id or (interface.chassis_master_id == device_id and not interface.mgmt_only)


services = Resource(
    Service,
    filters=("name", "protocol", "port", "device", *filters.never_set("virtual_machine")),
    order=("protocol", "port"),
    rules=(validate_addresses,),
)
