"""The circuits service, through the gateway."""
