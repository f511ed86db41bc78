"""What the clients of a fault test write: every type that refers to another service, and what these need."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from zlib import crc32

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image

PROTECT, CASCADE, SET_NULL, REMOVED = "protect", "cascade", "set null", "removed from the list"
TAGGED = 200
TCP = 6
ADMIN = 1
INTERFACES = ("dcim/interfaces", "virtualization/interfaces")


def _slug(word: str) -> dict:
    return {"slug": word}


def _nothing(word: str) -> dict:
    return {}


def _number(word: str, size: int) -> int:
    return crc32(word.encode()) % size


def _network(word: str) -> str:
    return f"10.{_number(word, 200)}.{_number(word[::-1], 200)}"


def _port(word: str) -> dict:
    return {"port": 1 + _number(word, 60000), "protocol": TCP}


@cache
def _public_key() -> str:
    key = rsa.generate_private_key(65537, 2048).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().strip()


def _key_named(word: str) -> str:
    """What stands above a key does not matter to anyone, and tells it from the others."""
    return f"{word}\n{_public_key()}"


@cache
def _picture() -> bytes:
    content = BytesIO()
    Image.new("RGB", (3, 2), "red").save(content, "PNG")
    return content.getvalue()


def _itself(word: str) -> str:
    return word


@dataclass(frozen=True)
class Kind:
    """A resource type: `edges` maps a reference to (key of its target, what a delete of the target does).

    `body(word)` gives what an object needs beside its `title`, the attribute that is renamed; `named(word)` is its
    value. `required` edges are always sent, `late` ones only by a later change: what they are at first, the reply says.
    `ruled` types may be refused for more than a reference to what does not exist. `choices` maps an edge to
    `(things, thing) → ids`, where not every target will do; `let_go` are those edges of them that are emptied when the
    target, or the interface that it is on, moves elsewhere. `shown` maps an edge to the attribute that shows it, if
    that is another one. `of` tells one kind from others of the same path; `file` is sent with it.
    """

    path: str
    edges: dict = field(default_factory=dict)
    body: Callable[[str], dict] = _slug
    title: str = "name"
    required: tuple[str, ...] = ()
    ruled: bool = False
    late: tuple[str, ...] = ()
    named: Callable[[str], str] = _itself
    choices: dict[str, Callable] = field(default_factory=dict)
    let_go: tuple[str, ...] = ()
    shown: dict[str, str] = field(default_factory=dict)
    of: dict[str, str] = field(default_factory=dict)
    file: Callable[[], dict] | None = None

    @property
    def key(self) -> str:
        return " of ".join((self.path, *self.of.values()))

    def __repr__(self) -> str:
        return self.key

    def refers(self, found: dict, name: str):
        """The faces of what an object that was read refers to by an edge: a list of `{id, …}`."""
        value = found[self.shown.get(name, name)]
        return value if isinstance(value, list) else [value] if value else []


def ids(reference) -> list[int]:
    """What a reference that was sent refers to."""
    return reference if isinstance(reference, list) else [] if reference is None else [reference]


def _own_addresses(things: list, device) -> list[int]:
    """A primary address has to be on an interface of the device."""
    mine = {
        each.id for each in things if each.kind.path == "dcim/interfaces" and each.references["device"] == device.id
    }
    addresses = [each for each in things if each.kind.path == "ipam/ip-addresses"]
    return [each.id for each in addresses if each.references["interface"] in mine]


def _addresses_of_a_machine(things: list, machine) -> list[int]:
    """A primary address has to be on an interface of the machine."""
    mine = {
        each.id
        for each in things
        if each.kind.path == "virtualization/interfaces" and each.references["virtual_machine"] == machine.id
    }
    addresses = [each for each in things if each.kind.path == "ipam/ip-addresses"]
    return [each.id for each in addresses if each.references["interface"] in mine]


def _interfaces(things: list, address) -> list[int]:
    """An address is on an interface of a device or of a machine."""
    return [each.id for each in things if each.kind.path in INTERFACES][-40:]


def _image(label: str, path: str) -> Kind:
    return Kind(
        "extras/image-attachments",
        {"object_id": (path, CASCADE)},
        lambda word: {"content_type": label},
        required=("object_id",),
        shown={"object_id": "parent"},
        of={"content_type": label},
        file=lambda: {"image": ("picture.png", _picture())},
    )


TENANT, SITE = ("tenancy/tenants", PROTECT), ("dcim/sites", PROTECT)
PRIMARY = ("ipam/ip-addresses", SET_NULL)
DEVICE = {
    "site": SITE,
    "device_type": ("dcim/device-types", PROTECT),
    "device_role": ("dcim/device-roles", PROTECT),
}
VLANS = {"untagged_vlan": ("ipam/vlans", SET_NULL), "tagged_vlans": ("ipam/vlans", REMOVED)}
INTERFACE = {"device": ("dcim/devices", CASCADE), **VLANS}
CLUSTER = {
    "type": ("virtualization/cluster-types", PROTECT),
    "group": ("virtualization/cluster-groups", PROTECT),
    "site": SITE,
}
MACHINE = {
    "cluster": ("virtualization/clusters", PROTECT),
    "role": ("dcim/device-roles", PROTECT),
    "tenant": TENANT,
    "primary_ip4": PRIMARY,
}
CIRCUIT = {"provider": ("circuits/providers", PROTECT), "type": ("circuits/circuit-types", PROTECT)}
TERMINATION = {"circuit": ("circuits/circuits", CASCADE), "site": SITE, "interface": ("dcim/interfaces", PROTECT)}
RESERVATION = {"rack": ("dcim/racks", CASCADE), "tenant": TENANT, "user": ("users/users", PROTECT)}
READERS = {"users": ("users/users", REMOVED), "groups": ("users/groups", REMOVED)}
SECRET = {"device": ("dcim/devices", CASCADE), "role": ("secrets/secret-roles", PROTECT)}

KINDS = {
    kind.key: kind
    for kind in (
        Kind("users/groups", {}, _nothing),
        Kind("users/users", {}, lambda word: {"password": word, "is_superuser": True}, "username"),
        Kind("tenancy/tenant-groups"),
        Kind("tenancy/tenants", {"group": ("tenancy/tenant-groups", SET_NULL)}),
        Kind("dcim/regions", {"parent": ("dcim/regions", CASCADE)}, ruled=True),
        Kind("dcim/sites", {"region": ("dcim/regions", SET_NULL), "tenant": TENANT}),
        Kind("dcim/racks", {"site": SITE, "tenant": TENANT}, _nothing, required=("site",)),
        Kind(
            "dcim/rack-reservations",
            RESERVATION,
            lambda word: {"units": [1 + _number(word, 42)], "user": ADMIN},
            "description",
            ("rack",),
            ruled=True,
            late=("user",),
        ),
        Kind("dcim/manufacturers"),
        Kind("dcim/device-types", {"manufacturer": ("dcim/manufacturers", PROTECT)}, _slug, "model", ("manufacturer",)),
        Kind("dcim/device-roles", {}, lambda word: {"slug": word, "color": "aabbcc"}),
        Kind("ipam/vlan-groups", {"site": SITE}),
        Kind(
            "ipam/vlans",
            {"tenant": TENANT, "site": SITE},
            lambda word: {"vid": 1 + _number(word, 4094)},
            late=("site",),  # most interfaces may then still use it
        ),
        Kind(
            "dcim/devices",
            {
                **DEVICE,
                "tenant": TENANT,
                "primary_ip4": PRIMARY,
                "primary_ip6": PRIMARY,
                "cluster": ("virtualization/clusters", SET_NULL),
            },
            _nothing,
            required=tuple(DEVICE),
            ruled=True,
            late=("primary_ip4", "primary_ip6", "cluster"),  # few clusters are at the site that was picked
            choices={"primary_ip4": _own_addresses, "primary_ip6": _own_addresses},
            let_go=("primary_ip4", "primary_ip6"),
        ),
        Kind("dcim/interfaces", INTERFACE, lambda word: {"mode": TAGGED}, required=("device",), ruled=True),
        Kind("virtualization/cluster-types"),
        Kind("virtualization/cluster-groups"),
        Kind("virtualization/clusters", CLUSTER, _nothing, required=("type",), ruled=True, late=("site",)),
        Kind(
            "virtualization/virtual-machines",
            MACHINE,
            _nothing,
            required=("cluster",),
            ruled=True,
            late=("primary_ip4",),
            choices={"primary_ip4": _addresses_of_a_machine},
            let_go=("primary_ip4",),
        ),
        Kind(
            "virtualization/interfaces",
            {"virtual_machine": ("virtualization/virtual-machines", CASCADE), **VLANS},
            lambda word: {"mode": TAGGED},
            required=("virtual_machine",),
            ruled=True,
        ),
        Kind("ipam/vrfs", {"tenant": TENANT}, lambda word: {"rd": word}),
        Kind(
            "ipam/prefixes",
            {"site": SITE, "tenant": TENANT, "vlan": ("ipam/vlans", PROTECT)},
            lambda word: {"prefix": f"{_network(word)}.0/24"},
            "description",
        ),
        Kind(
            "ipam/ip-addresses",
            {"interface": ("dcim/interfaces", CASCADE), "tenant": TENANT},
            lambda word: {"address": f"{_network(word)}.7/24"},
            "description",
            choices={"interface": _interfaces},
        ),
        Kind(
            "ipam/services",
            {"device": ("dcim/devices", CASCADE)},
            _port,
            required=("device",),
            of={"virtual_machine_id": "null"},
        ),
        Kind(
            "ipam/services",
            {"virtual_machine": ("virtualization/virtual-machines", CASCADE)},
            _port,
            required=("virtual_machine",),
            of={"device_id": "0"},
        ),
        Kind("circuits/providers"),
        Kind("circuits/circuit-types"),
        Kind("circuits/circuits", {**CIRCUIT, "tenant": TENANT}, _nothing, "cid", tuple(CIRCUIT)),
        Kind(
            "circuits/circuit-terminations",
            TERMINATION,
            lambda word: {"term_side": "AZ"[_number(word, 2)], "port_speed": 1000},
            "xconnect_id",
            ("circuit", "site"),
            ruled=True,
        ),
        Kind(
            "secrets/user-keys",
            {"user": ("users/users", CASCADE)},
            _nothing,
            "public_key",
            ("user",),
            ruled=True,
            named=_key_named,
        ),
        Kind("secrets/secret-roles", READERS),
        Kind("secrets/secrets", SECRET, lambda word: {"plaintext": word}, required=tuple(SECRET)),
        Kind(
            "extras/topology-maps",
            {"site": ("dcim/sites", CASCADE)},
            lambda word: {"slug": word, "device_patterns": word},
        ),
        _image("dcim.site", "dcim/sites"),
        _image("dcim.rack", "dcim/racks"),
        _image("dcim.device", "dcim/devices"),
    )
}

# Written by the services themselves, of what a user did.
ACTIVITY = Kind("extras/recent-activity", {"user": ("users/users", CASCADE)}, title="message")
