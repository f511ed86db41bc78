"""Power ports: what connects a device to a power outlet."""

from services.dcim.base import Base
from services.dcim.components.columns import Component, Connecting, component
from shared.schema.columns import SET_NULL, reference


class PowerPort(Connecting, Component, Base):
    path = "power-ports"

    power_outlet_id = reference(
        "dcim.poweroutlet", on_delete=SET_NULL, null=True, unique=True, nested=("device", "name", "connected_port")
    )


power_ports = component(PowerPort, csv_headings={"pdu": "power_outlet.device", "power_port": "name"})
