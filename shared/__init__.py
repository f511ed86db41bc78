"""What every service and the gateway have in common."""

from typing import Any

# Of what is shared; each service and the gateway has one of its own (docs/releasing.md).
VERSION = "1.0.0"

# What JSON has in braces. Its values are of any type: whoever reads them knows which, or checks.
JsonObject = dict[str, Any]
