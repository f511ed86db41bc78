"""Devices: everything that is mounted, installed or kept at a site."""

from sqlalchemy import ColumnElement, select

from services.dcim.base import Base
from services.dcim.choices import DEVICE_STATUS, RACK_FACE
from services.dcim.devices import facts as device_facts
from services.dcim.devices.napalm import ANSWERS, METHOD, ask_device
from services.dcim.devices.placement import validate_placement
from services.dcim.devices.primary_addresses import on_own_interface, validate_primary_addresses
from services.dcim.devices.rules import (
    on_create_add_components,
    on_save_move_children,
    validate_chassis_position,
    validate_cluster,
    validate_platform,
)
from services.dcim.interfaces.mac_address import mac_filter
from services.dcim.racks.drawing import SIDES, draw_position
from services.dcim.resources.device_types import DeviceType
from shared.api.resource import Action, Related, Resource
from shared.custom_fields.column import CustomFields
from shared.query.filters import BooleanFilter, ReferenceFilter, escape_like
from shared.query.paths import among
from shared.query.shapes import Shaped
from shared.references.invariants import when_changed
from shared.schema import columns, fields, natural_order
from shared.schema.columns import PROTECT, SET_NULL, Tracked, choice, computed, integer, reference, text


class Device(Base, CustomFields, Tracked):
    name = text(64, null=True, unique=True)
    display_name = computed(fields.Text(), device_facts.display_name)
    device_type_id = reference("dcim.devicetype", on_delete=PROTECT, counted=True)
    device_role_id = reference("dcim.devicerole", on_delete=PROTECT, counted=True)
    tenant_id = reference("tenancy.tenant", on_delete=PROTECT, null=True, counted=True)
    platform_id = reference("dcim.platform", on_delete=SET_NULL, null=True)
    serial = text(50, blank=True)
    asset_tag = text(50, null=True, unique=True, doc="Asset tag")
    site_id = reference("dcim.site", on_delete=PROTECT, counted=True)
    rack_id = reference("dcim.rack", on_delete=PROTECT, null=True)
    position = integer(1, 32767, null=True)
    face = choice(RACK_FACE, null=True)
    status = choice(DEVICE_STATUS, default=1)
    parent_device = computed(fields.Json(), device_facts.parent_device)
    primary_ip = computed(fields.Json(), device_facts.primary_ip)
    primary_ip4_id = reference("ipam.ipaddress", on_delete=SET_NULL, null=True, unique=True)
    primary_ip6_id = reference("ipam.ipaddress", on_delete=SET_NULL, null=True, unique=True)
    cluster_id = reference("virtualization.cluster", on_delete=SET_NULL, null=True)
    virtual_chassis_id = reference("dcim.virtualchassis", on_delete=SET_NULL, null=True, circular=True)
    vc_position = integer(0, 255, null=True)
    vc_priority = integer(0, 255, null=True)
    comments = columns.long_text()
    name_order = columns.sort_key("name", natural_order.name_key)
    tags = columns.no_tags()


def of_type(flag: str) -> BooleanFilter:
    """The filter on a flag of the device's type."""
    chosen = select(DeviceType.id).where(getattr(DeviceType, flag))
    return BooleanFilter(flag, among(Device.device_type_id, chosen))


def with_mac_address(address: str) -> ColumnElement[bool]:
    interface = Base.model_of("dcim.interface")
    return Device.id.in_(select(interface.device_id).where(interface.mac_address == address))


def with_part(serial: str) -> ColumnElement[bool]:
    part = Base.model_of("dcim.inventoryitem")
    return among(Device.id, select(part.device_id).where(part.serial.ilike(serial, escape="\\")))


def by_part(words: str) -> list[Shaped]:
    """A device is found by the serial numbers of its parts, too."""
    return [Shaped(with_part, (f"%{escape_like(words)}%",))]


devices = Resource(
    Device,
    csv_headings={
        "manufacturer": "device_type.manufacturer",
        "model_name": "device_type",
        "rack_group": "rack.group",
        "rack_name": "rack",
    },
    filters=(
        "name",
        "serial",
        "asset_tag",
        "position",
        "status",
        "tenant",
        "platform",
        "site",
        Related("device_type", "device_type", only_id=True),
        ReferenceFilter("model", Device, ("device_type",), by_key=True),
        Related("role", "device_role"),
        Related("manufacturer", "device_type", "manufacturer"),
        Related("rack", "rack", only_id=True),
        Related("rack_group", "rack", "group", only_id=True),
        Related("virtual_chassis", "virtual_chassis", only_id=True),
        Related("cluster", "cluster", only_id=True),
        BooleanFilter("has_primary_ip", Device.primary_ip4_id.is_not(None) | Device.primary_ip6_id.is_not(None)),
        *map(of_type, ("is_full_depth", "is_console_server", "is_pdu", "is_network_device")),
        mac_filter(with_mac_address),
    ),
    search=("name", "serial", "asset_tag", "comments"),
    search_extra=by_part,
    order=("name_order",),
    part_of=("site",),
    unique=(("virtual_chassis", "vc_position"),),
    rules=(
        validate_placement,
        validate_primary_addresses,
        validate_platform,
        validate_chassis_position,
        validate_cluster,
    ),
    after_save=(
        on_create_add_components,
        on_save_move_children,
        when_changed("dcim.device", "virtual_chassis_id"),
    ),
    invariants=(
        on_own_interface(Device.__table__.c.primary_ip4_id),
        on_own_interface(Device.__table__.c.primary_ip6_id),
    ),
    actions=(
        Action("napalm", ask_device, reply=ANSWERS, query=(METHOD,), summary="What NAPALM tells"),
        Action("position", draw_position, media="image/svg+xml", query=(SIDES,), summary="Place in the rack"),
    ),
    dependent_facts=device_facts.DEVICE_RIPPLES,
)
