"""How lists of interfaces are narrowed and ordered: by the device they are asked for, chassis and all."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, False_, and_, case, or_, select, union
from werkzeug.datastructures import MultiDict

from services.dcim.choices import LAG_FORM_FACTOR, NOT_CONNECTABLE, VIRTUAL_FORM_FACTORS, WIRELESS_FORM_FACTORS
from services.dcim.interfaces.mac_address import mac_filter
from services.dcim.resources.device_types import DeviceType
from services.dcim.resources.devices import Device
from services.dcim.resources.virtual_chassis import VirtualChassis
from shared.query.filter_base import Filter, SetFilter
from shared.query.filters import TextFilter
from shared.query.id_filters import IdFilter
from shared.query.paths import among, reach
from shared.query.shapes import Narrowing, Shaped, expression

BY_NAME = 2

QUERIED = {each.name: each for each in (IdFilter(Device, "device_id"), TextFilter("device", Device.name))}


def device_filters(model: type[Any]) -> tuple[Filter, ...]:
    """The interfaces of a device and, if it is the master of a chassis, those of the other members it manages."""

    def of_device(parameter: str) -> Filter:
        def condition(texts: list[str]) -> Narrowing | None:
            named = QUERIED[parameter].asked(texts)
            if named is None or isinstance(named, False_):
                return None
            if isinstance(named, Shaped):
                return Shaped(of_named, named.values)
            return of_devices(expression(named), len(texts) == 1)

        def of_named(*values: Any) -> ColumnElement[bool]:
            return of_devices(QUERIED[parameter].equals(*values), len(values) == 1)

        def of_devices(named: ColumnElement[bool], one: bool) -> ColumnElement[bool]:
            own = select(Device.id).where(named)
            # The planner has an array of one for one: then it knows that there is one.
            devices = own.limit(1).scalar_subquery() if one else own
            chassis = select(VirtualChassis.id).where(among(VirtualChassis.master_id, devices))
            members = select(Device.id).where(among(Device.virtual_chassis_id, chassis))
            shown = or_(~model.mgmt_only, among(model.device_id, devices))
            return and_(among(model.device_id, union(own, members)), shown)

        return SetFilter(parameter, condition, Device, by_key=parameter == "device")

    return tuple(map(of_device, QUERIED))


def other_filters(model: type[Any]) -> tuple[Filter, ...]:
    kinds = {
        "physical": model.form_factor.not_in(NOT_CONNECTABLE),
        "virtual": model.form_factor.in_(VIRTUAL_FORM_FACTORS),
        "wireless": model.form_factor.in_(WIRELESS_FORM_FACTORS),
        "lag": model.form_factor == LAG_FORM_FACTOR,
    }
    return (
        Filter("type", lambda text: kinds.get(text.lower())),
        mac_filter(lambda address: model.mac_address == address),
    )


def vlan_filter(model: type[Any]) -> Filter:
    """`vlan_id`: the interfaces that carry a VLAN, tagged or not, as later releases of NetBox have it."""
    vlan = model.model_of("ipam.vlan")

    def condition(texts: list[str]) -> ColumnElement[bool] | None:
        named = IdFilter(vlan).where(texts)
        if named is None or isinstance(named, False_):
            return None
        ids = select(vlan.id).where(named)
        return or_(reach(model, ("untagged_vlan",), ids), reach(model, ("tagged_vlans",), ids))

    return SetFilter("vlan_id", condition, vlan)


def natural_order(model: type[Any]) -> Callable[[MultiDict[str, str]], tuple[Narrowing, ...]]:
    """Order the interfaces of a device by place or by name, as the type of that device says."""

    def key_by(parameter: str) -> Callable[[Any], ColumnElement[Any]]:
        def key(value: Any) -> ColumnElement[Any]:
            by_name = select(DeviceType.interface_ordering).join(Device, Device.device_type_id == DeviceType.id)
            way = by_name.where(QUERIED[parameter].equals(value)).limit(1).scalar_subquery()
            return case((way == BY_NAME, model.name_order), else_=model.position_order)

        return key

    keys = {name: key_by(name) for name in QUERIED}

    def order(args: MultiDict[str, str]) -> tuple[Narrowing, ...]:
        asked = ((name, each.asked([args.get(name, "")])) for name, each in QUERIED.items())
        named = ((name, found) for name, found in asked if isinstance(found, Shaped))  # else there is nothing to order
        return next(((Shaped(keys[name], found.values),) for name, found in named), ())

    return order
