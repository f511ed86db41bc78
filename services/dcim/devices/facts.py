"""What others may know of a device, and of its interfaces on its behalf: SQL, and what makes it change."""

from typing import Any

from sqlalchemy import ColumnElement, String, case, cast, func, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import aliased

from services.dcim.base import Base
from shared.api.resource import DependentFacts
from shared.config import settings
from shared.db import json_sql
from shared.schema.attributes import Expression
from shared.schema.representations import Joins, nested_sql, subface, url_sql

_IN_CHASSIS_OF_MASTER = (
    "SELECT m.id FROM dcim_device m JOIN dcim_virtualchassis c ON m.virtual_chassis_id = c.id WHERE c.master_id = $1.id"
)
# One device after the other: PostgreSQL takes a chassis for large, and would read all interfaces that there are.
_INTERFACES_OF = (
    "SELECT i.id FROM ({}) AS d(id)"
    " CROSS JOIN LATERAL (SELECT id FROM dcim_interface WHERE device_id = d.id OFFSET 0) AS i"
)
_MEMBERS = "SELECT id FROM dcim_device WHERE virtual_chassis_id = $1.id"
_OF_TYPE = "SELECT id FROM dcim_device WHERE device_type_id = $1.id"

DEVICE_RIPPLES = (
    DependentFacts("dcim.devicetype", ("model",), _OF_TYPE),
    DependentFacts("dcim.device", ("name",), _IN_CHASSIS_OF_MASTER),
    DependentFacts("dcim.virtualchassis", ("master_id",), _MEMBERS),
)

INTERFACE_RIPPLES = (
    DependentFacts("dcim.devicetype", ("model",), _INTERFACES_OF.format(_OF_TYPE)),
    DependentFacts(
        "dcim.device",
        ("name", "device_type_id", "virtual_chassis_id", "vc_position"),
        _INTERFACES_OF.format(f"SELECT $1.id UNION {_IN_CHASSIS_OF_MASTER}"),
    ),
    DependentFacts("dcim.virtualchassis", ("master_id",), _INTERFACES_OF.format(_MEMBERS)),
    DependentFacts(
        "virtualization.virtualmachine", ("name",), "SELECT id FROM dcim_interface WHERE virtual_machine_id = $1.id"
    ),
)


def display_name(device: Any) -> ColumnElement[Any]:
    """The name of `device`, else its place in a chassis whose master has one, else its model."""
    type_ = aliased(Base.model_of("dcim.devicetype"))
    model = select(type_.model).where(type_.id == device.device_type_id).correlate(device).scalar_subquery()
    place = _of_master(device, lambda master: master.name) + ":" + cast(device.vc_position, String)
    return case((device.name.is_not(None), device.name), else_=func.coalesce(place, model))


def parent_device(device: Any) -> ColumnElement[Any]:
    """The nested face of the device in a bay of which `device` is installed, with that bay."""
    bay, parent = aliased(Base.model_of("dcim.devicebay")), aliased(Base.model_of("dcim.device"))
    face = json_sql.object_of(
        {
            "id": parent.id,
            "url": url_sql(Base.model_of("dcim.device"), parent),
            "name": parent.name,
            "display_name": display_name(parent),
            "device_bay": nested_sql(bay, Base.model_of("dcim.devicebay"), ("name",), Joins()),
        }
    )
    found = select(face).join_from(bay, parent, bay.device_id == parent.id)
    return found.where(bay.installed_device_id == device.id).correlate(device).scalar_subquery()


def primary_ip(device: Any) -> ColumnElement[Any]:
    """The nested face of the address to reach `device` at: IPv6 unless IPv4 is preferred or the only one."""
    order = (device.primary_ip6_id, device.primary_ip4_id)
    chosen = func.coalesce(*(reversed(order) if settings.prefer_ipv4 else order))
    return subface(Base.model_of("ipam.ipaddress"), None, lambda address: address.id == chosen)


def _of_master(device: Any, value: Expression) -> ColumnElement[Any]:
    """`value(master)` of the master of the chassis that `device` is in; null outside of one."""
    chassis, master = aliased(Base.model_of("dcim.virtualchassis")), aliased(Base.model_of("dcim.device"))
    statement = select(value(master)).join_from(chassis, master, chassis.master_id == master.id)
    return statement.where(chassis.id == device.virtual_chassis_id).correlate(device).scalar_subquery()


def _of_device(interface: Any, value: Expression) -> ColumnElement[Any]:
    """`value(device)` of the device that `interface` is part of."""
    device = aliased(Base.model_of("dcim.device"))
    return select(value(device)).where(device.id == interface.device_id).correlate(interface).scalar_subquery()


class InterfaceFacts:
    """Mixed into the model of interfaces: what other services may know of the device, or the machine, behind one."""

    @hybrid_property
    def device_name(self) -> Any:
        return _of_device(self, lambda device: device.name)

    @hybrid_property
    def device_display_name(self) -> Any:
        return _of_device(self, display_name)

    @hybrid_property
    def chassis_master_id(self) -> Any:
        return _of_device(self, lambda device: _of_master(device, lambda master: master.id))

    @hybrid_property
    def chassis_master_name(self) -> Any:
        return _of_device(self, lambda device: _of_master(device, lambda master: master.name))

    @hybrid_property
    def virtual_machine_name(self: Any) -> Any:
        machine = aliased(Base.model_of("virtualization.virtualmachine"))
        named = select(machine.name).where(machine.id == self.virtual_machine_id)
        return named.correlate(self).scalar_subquery()
