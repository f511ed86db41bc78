"""Power connections: the power ports that are connected, to be listed only."""

from services.dcim.components.columns import connections
from services.dcim.resources.power_ports import PowerPort

power_connections = connections(PowerPort, "power-connections", "power_outlet")
