"""Which device is at the other end of an interface: how a device finds out what it is plugged into."""

from flask import Blueprint, Response, request
from sqlalchemy import Select, case, or_, select

from services.dcim.resources.devices import Device, devices
from services.dcim.resources.interface_connections import InterfaceConnection
from services.dcim.resources.interfaces import Interface
from services.dcim.resources.virtual_chassis import VirtualChassis
from shared.api import reading
from shared.api.openapi import operation
from shared.db.database import database
from shared.http import responses
from shared.http.errors import BadRequest, NotFound
from shared.schema import openapi_schemas

blueprint = Blueprint("connected-device", __name__)
DEVICE = {"$ref": "#/components/schemas/DcimDeviceRead"}
PEER = tuple(
    openapi_schemas.query(f"peer-{what}", f"The name of the {what}; `peer_{what}` is as good.", "string", required=True)
    for what in ("device", "interface")
)


@blueprint.get("/api/dcim/connected-device/")
@operation("GET", "The device at the other end of an interface", DEVICE, parameters=PEER)
def connected_device() -> Response:
    """The device connected to `peer-interface` of `peer-device`; an empty reply if there is none.

    Keyword arguments of Python have no hyphens: `peer_interface` and `peer_device` are as good. A port of another
    member of a chassis is found under the name of its master, too, which is what devices call themselves.
    """
    names = [_asked(what) for what in ("device", "interface")]
    if not all(names):
        raise BadRequest("Both peer-device and peer-interface are needed.")
    with database().reading() as connection:
        interface = None if "\x00" in "".join(names) else connection.scalar(_interface(*names))
        if interface is None:
            raise NotFound
        device = connection.scalar(_device_opposite(interface))
        return responses.raw_response(reading.one_row(connection, devices, device) or b"" if device else b"")


def _asked(what: str) -> str:
    return (request.args.get(f"peer-{what}") or request.args.get(f"peer_{what}", "")).strip()


def _interface(device: str, name: str) -> Select[int]:
    """The id of the interface, of the device itself before those of the chassis that it leads."""
    named = select(Device.id).where(Device.name == device).scalar_subquery()
    led = select(VirtualChassis.id).where(VirtualChassis.master_id == named).scalar_subquery()
    owner = select(Interface.id).join(Device, Interface.device_id == Device.id)
    wanted = owner.where(Interface.name == name, or_(Device.id == named, Device.virtual_chassis_id == led))
    return wanted.order_by(Device.id != named, Interface.id).limit(1)


def _device_opposite(interface: int) -> Select[int | None]:
    here, there = InterfaceConnection.interface_a_id, InterfaceConnection.interface_b_id
    other = case((here == interface, there), else_=here)
    return (
        select(Interface.device_id)
        .select_from(InterfaceConnection)
        .join(Interface, Interface.id == other)
        .where((here == interface) | (there == interface))
    )
