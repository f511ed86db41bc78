"""Console connections: the console ports that are connected, to be listed only."""

from services.dcim.components.columns import connections
from services.dcim.resources.console_ports import ConsolePort

console_connections = connections(ConsolePort, "console-connections", "cs_port")
