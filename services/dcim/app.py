"""The dcim service: its resources, in URL order."""

from sqlalchemy import Connection

from services.dcim.base import Base
from services.dcim.connections import connected_device
from services.dcim.devices.rules import sites_of_hosts
from services.dcim.resources.console_connections import console_connections
from services.dcim.resources.console_port_templates import console_port_templates
from services.dcim.resources.console_ports import console_ports
from services.dcim.resources.console_server_port_templates import console_server_port_templates
from services.dcim.resources.console_server_ports import console_server_ports
from services.dcim.resources.device_bay_templates import device_bay_templates
from services.dcim.resources.device_bays import device_bays
from services.dcim.resources.device_roles import device_roles
from services.dcim.resources.device_types import device_types
from services.dcim.resources.devices import devices
from services.dcim.resources.interface_connections import interface_connections
from services.dcim.resources.interface_templates import interface_templates
from services.dcim.resources.interfaces import interfaces
from services.dcim.resources.inventory_items import inventory_items
from services.dcim.resources.manufacturers import manufacturers
from services.dcim.resources.platforms import platforms
from services.dcim.resources.power_connections import power_connections
from services.dcim.resources.power_outlet_templates import power_outlet_templates
from services.dcim.resources.power_outlets import power_outlets
from services.dcim.resources.power_port_templates import power_port_templates
from services.dcim.resources.power_ports import power_ports
from services.dcim.resources.rack_groups import rack_groups
from services.dcim.resources.rack_reservations import rack_reservations
from services.dcim.resources.rack_roles import rack_roles
from services.dcim.resources.racks import racks
from services.dcim.resources.regions import regions
from services.dcim.resources.sites import sites
from services.dcim.resources.virtual_chassis import virtual_chassis
from services.dcim.resources.virtualization_interfaces import virtualization_interfaces
from services.dcim.topology import topology
from shared import JsonObject
from shared.api import reading
from shared.api.app import create_app

RESOURCES = (
    regions,
    sites,
    rack_groups,
    rack_roles,
    racks,
    rack_reservations,
    manufacturers,
    device_types,
    console_port_templates,
    console_server_port_templates,
    power_port_templates,
    power_outlet_templates,
    interface_templates,
    device_bay_templates,
    device_roles,
    platforms,
    devices,
    console_ports,
    console_server_ports,
    power_ports,
    power_outlets,
    interfaces,
    device_bays,
    inventory_items,
    console_connections,
    power_connections,
    interface_connections,
    virtual_chassis,
    virtualization_interfaces,
)


def interface_faces(connection: Connection, ids: list[int]) -> dict[int, JsonObject]:
    """`{interface id: its read face}`, without the circuit, which the asking service knows."""
    return reading.faces(connection, interfaces, ids)


app = create_app(
    Base,
    RESOURCES,
    routes=(("connected-device", connected_device.blueprint),),
    internal_queries={
        "interface-faces": interface_faces,
        "topology": topology,
        "sites-of-hosts": sites_of_hosts,
    },
)
