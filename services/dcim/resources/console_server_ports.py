"""Console server ports: what console ports connect to."""

from services.dcim.base import Base
from services.dcim.components.columns import Component, Numbered, component, connected, validate_type_flag
from services.dcim.resources.console_ports import ConsolePort


class ConsoleServerPort(Numbered, Component, Base):
    path = "console-server-ports"

    connected_console = connected(ConsolePort, "cs_port_id")


console_server_ports = component(
    ConsoleServerPort,
    name_order="name_order",
    rules=(
        validate_type_flag("is_console_server", "Only devices of a console server type have console server ports."),
    ),
)
