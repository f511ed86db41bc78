"""What every service and the gateway have in common."""

VERSION = "0.1.0"
