"""Console ports: what connects a device to a console server port."""

from services.dcim.base import Base
from services.dcim.components.columns import Component, Connecting, component
from shared.schema.columns import SET_NULL, reference


class ConsolePort(Connecting, Component, Base):
    path = "console-ports"

    cs_port_id = reference(
        "dcim.consoleserverport",
        on_delete=SET_NULL,
        null=True,
        unique=True,
        nested=("device", "name", "connected_console"),
    )


console_ports = component(ConsolePort, csv_headings={"console_server": "cs_port.device", "console_port": "name"})
