"""What every service and the gateway have in common."""

from typing import Any

VERSION = "0.1.0"

# What JSON has in braces. Its values are of any type: whoever reads them knows which, or checks.
JsonObject = dict[str, Any]
