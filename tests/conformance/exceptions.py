"""Where Patchbay answers better than NetBox 2.3 on purpose, and so differs from what was recorded.

Each entry names the paragraph of the design that says so. A step listed here that does not differ, or that is
answered with a server error, is a failure.
"""


def _all(name: str, reason: str, *numbers: int) -> dict[tuple[str, int], str]:
    return {(name, number): reason for number in numbers}


LOOSE = "special/virtual_loose"

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
    **_all("special/virtual_roots", "design §12.12: unknown paths are 404 JSON for API clients", 19, 20),
    ("special/virtual_interfaces", 121): "design §12.12: unknown paths are 404 JSON for API clients",
    **_all(LOOSE, "a machine's primary address is on an interface of its own, and of its family", 20, 22, 23, 26, 31),
    **_all(LOOSE, "the address refused before is not there", 21, 24, 27),
    **_all(
        LOOSE, "an address that leaves the machine is let go as its primary, as for devices", 35, 37, 38, 39, 42, 43
    ),
    (LOOSE, 44): "a machine has one interface of a name, as a device has",
    (LOOSE, 45): "the interface refused at step 44 is not counted",
    **_all(
        LOOSE, "a tagged VLAN is global or of the site of the machine's cluster, as an untagged one", 46, 47, 48, 52
    ),
    **_all(LOOSE, "the interface refused, or left as it was, at steps 46 to 52", 49, 50, 51, 53, 71, 74, 75),
    **_all(LOOSE, "a VLAN that a move put out of reach is for users to change, and refuses no other change", 59, 70),
    **_all(LOOSE, "design §12.9: a service is of one device or one machine", 60, 61),
    **_all(LOOSE, "design §12.9: the addresses of a service are on what it is of", 62, 63),
    (LOOSE, 64): "the services refused at steps 60 to 63 are not there",
    (LOOSE, 68): "a circuit ends on hardware: deleting a machine would otherwise leave it on nothing",
    (LOOSE, 69): "the termination refused at step 68 connects nothing",
}


def exceptions_of(transcript_name: str) -> dict[int, str]:
    return {number: reason for (name, number), reason in EXCEPTIONS.items() if name == transcript_name}
