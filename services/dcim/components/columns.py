"""What the component kinds of devices have in common, and so do the templates that device types hold for them.

A template and its component share the names of their columns, so that one statement makes components from templates.
"""

from typing import Any, ClassVar

from sqlalchemy import Boolean, ColumnElement, select
from sqlalchemy.orm import Mapped, Session, aliased

from services.dcim.choices import CONNECTION_STATUS, INTERFACE_FORM_FACTOR
from services.dcim.connections.filters import end_filters
from services.dcim.interfaces.order import name_key, position_key
from services.dcim.resources.device_types import DeviceType
from shared.api.resource import READ, Related, Resource
from shared.schema import fields
from shared.schema.changes import Change, Rule
from shared.schema.columns import CASCADE, boolean, choice, computed, reference, sort_key, text
from shared.schema.fields import RawChoice
from shared.schema.models import Record
from shared.schema.natural_order import port_key

OWNER, FIRST = -2, -1


class Template:
    """A component that every new device of a type gets."""

    nested: ClassVar[tuple[str, ...]] = ("name",)

    device_type_id = reference("dcim.devicetype", on_delete=CASCADE, sort_order=OWNER)
    name = text(50, sort_order=FIRST)


class Component:
    """A part of one device."""

    nested: ClassVar[tuple[str, ...]] = ("name",)

    device_id: Mapped[Any] = reference("dcim.device", on_delete=CASCADE, sort_order=OWNER)
    name = text(50, sort_order=FIRST)


class Numbered:
    """Console server ports and power outlets, which are listed by the number their name ends in."""

    name_order = sort_key("name", port_key)


class InterfaceKind:
    """Interfaces, whose order depends on the device type that they are asked for."""

    name = text(64, sort_order=FIRST)
    form_factor = choice(INTERFACE_FORM_FACTOR, default=1200, sort_order=FIRST)
    mgmt_only = boolean(False)
    position_order = sort_key("name", position_key)
    name_order = sort_key("name", name_key)


class Connecting:
    """Console and power ports, which may be connected to one port of another kind."""

    connection_status = choice(CONNECTION_STATUS, type_=Boolean, default=True, field=RawChoice)


def connected(model: type[Record], key: str) -> computed:
    """The id of the `model` whose reference `key` leads to this port."""

    def expression(port: Any) -> ColumnElement[Any]:
        other = aliased(model)
        return select(other.id).where(getattr(other, key) == port.id).scalar_subquery()

    return computed(fields.Integer(allow_none=True), expression)


def template(model: type[Record], *filters: str) -> Resource:
    """The resource of one kind of template."""
    return Resource(
        model,
        filters=("name", *filters, Related("devicetype", "device_type", only_id=True)),
        order=("device_type.manufacturer.name", "device_type.model", "name"),
        unique=(("device_type", "name"),),
    )


def component(model: type[Record], *, name_order: str = "name", **more: Any) -> Resource:
    """The resource of one kind of component."""
    return Resource(
        model,
        filters=("name", "device"),
        order=("device.name", name_order),
        unique=(("device", "name"),),
        **more,
    )


def connections(model: type[Record], path: str, port: str) -> Resource:
    """The list of those of one kind of component that are connected to a `port` of another device."""
    far = (port, "device")
    return Resource(
        model,
        path=path,
        methods=READ,
        detail=False,
        base_conditions=(getattr(model, f"{port}_id").is_not(None),),
        filters=("name", "connection_status", *end_filters(model, devices=(("device",), far), sites=(far,))),
        order=("device.name", "name"),
    )


def types_of(session: Session, changes: list[Change]) -> dict[int, DeviceType]:
    """`{id: device type}` of the devices that the changed components are part of."""
    devices = (change.object.device for change in changes)
    wanted = {device.device_type_id for device in devices if device}
    return {each.id: each for each in session.scalars(select(DeviceType).where(DeviceType.id.in_(wanted)))}


def validate_type_flag(flag: str, message: str) -> Rule[Any]:
    """The rule that a device has such components only if its type has the `flag`."""

    def validate_flag_of_type(session: Session, changes: list[Change]) -> None:
        types = types_of(session, changes)
        for change in changes:
            if not getattr(types[change.object.device.device_type_id], flag):
                change.fail(message)

    return validate_flag_of_type
