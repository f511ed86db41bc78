"""Power outlets: what power ports connect to."""

from services.dcim.base import Base
from services.dcim.components.columns import Component, Numbered, component, connected, validate_type_flag
from services.dcim.resources.power_ports import PowerPort


class PowerOutlet(Numbered, Component, Base):
    path = "power-outlets"

    connected_port = connected(PowerPort, "power_outlet_id")


power_outlets = component(
    PowerOutlet,
    name_order="name_order",
    rules=(validate_type_flag("is_pdu", "Only devices of a PDU type have power outlets."),),
)
