"""Where Patchbay answers better than NetBox 2.3 on purpose, and so differs from what was recorded.

Each entry names the paragraph of the design that says so. A step listed here that does not differ, or that is
answered with a server error, is a failure.
"""

EXCEPTIONS = {
    ("dcim/device-types", 49): "design §13, P12: null, which GET shows, is taken back",
    ("special/templates", 55): "design §13, P12: null, which GET shows, is taken back, and then breaks another rule",
    ("ipam/services", 24): "design §12.9: a service needs a device, so it cannot be cleared",
    ("ipam/services", 27): "design §12.9: the service kept its device at step 24",
    ("ipam/services", 46): "design §12.9: the service kept its device at step 24",
    ("special/inventory", 8): "design §12.13: the parent of an inventory item is on the same device",
    ("special/inventory", 11): "design §12.13: the item refused at step 8 is not among the children",
    ("special/roots", 48): "design §12.12: unknown paths are 404 JSON for API clients",
    ("special/roots", 49): "design §12.12: unknown paths are 404 JSON for API clients",
}


def exceptions_of(transcript_name: str) -> dict[int, str]:
    return {number: reason for (name, number), reason in EXCEPTIONS.items() if name == transcript_name}
