"""Names that later releases changed, by list, and paths of lists that have moved.

Sources: the release notes of NetBox v2.4 to v2.11 ("API changes").
"""

from collections.abc import Callable
from typing import Any

Face = dict[str, Any]

# Lists that have another name from some release on (v2.11).
MOVED = {"dcim/locations": "dcim/rack-groups"}
# From v2.9 on the interfaces of machines have numbers of their own; here they share those of all interfaces.
OWN_NUMBERS_SINCE = (2, 9)
# From v2.5 on cables took the place of connections.
CABLES_SINCE = (2, 5)
MACHINE_INTERFACE = "virtualization.vminterface"


def machine_interface(pk: int) -> str:
    """The id of an interface of a machine, told apart from those of devices."""
    return f"vm-{pk}"


def _renamed(old: str, new: str) -> Callable[[Face], Face]:
    def rename(face: Face) -> Face:
        if old not in face or new in face:
            return face
        return {name: value for name, value in face.items() if name != old} | {new: face[old]}

    return rename


def _address(face: Face) -> Face:
    """v2.9: what an address is assigned to may be an interface of a device or of a machine."""
    if "assigned_object_type" not in face:
        return face
    pk, of_machine = face["assigned_object_id"], face["assigned_object_type"] == MACHINE_INTERFACE
    return face | {"interface": machine_interface(pk) if of_machine and pk is not None else pk}


def _vlan_group(face: Face) -> Face:
    """v2.11: the scope of a group may be a site, or something that has no place here."""
    if "scope_type" not in face:
        return face
    at_site = face["scope_type"] == "dcim.site"
    shown = {name: value for name, value in face.items() if name not in ("scope_type", "scope_id", "scope")}
    return shown | {"site": face["scope_id"]} if at_site else face | {"site": None}


def _secret(face: Face) -> Face:
    """v2.10: a secret may belong to a machine, which has no place here."""
    if "assigned_object_type" not in face:
        return face
    return face | {"device": face["assigned_object_id"] if face["assigned_object_type"] == "dcim.device" else None}


def _endpoint(label: str, name: str) -> Callable[[Face], Face]:
    """v2.5: what a cable leads to, whatever it passes through."""

    def connect(face: Face) -> Face:
        if "connected_endpoint_type" not in face:
            return face
        peer = face.get("connected_endpoint") if face["connected_endpoint_type"] == label else None
        status = face.get("connection_status", face.get("connected_endpoint_reachable"))
        told = {} if status is None else {"connection_status": status}
        return {k: v for k, v in face.items() if k != "connection_status"} | {name: peer and peer["id"]} | told

    return connect


def _termination(face: Face) -> Face:
    """v2.5: cables. v2.10: a speed need not be known, which is 0 here."""
    face = _endpoint("dcim.interface", "interface")(face)
    return face | {"port_speed": 0} if "port_speed" in face and face["port_speed"] is None else face


def _custom_field(face: Face) -> Face:
    """v2.10: definitions are part of the API, their choices a list of texts."""
    if "content_types" not in face:
        return face
    default = face.get("default")
    choices = [{"value": text, "weight": 100 * n} for n, text in enumerate(face.get("choices") or [], 1)]
    own = {"obj_type": face["content_types"], "choices": choices, "default": "" if default is None else str(default)}
    return {name: value for name, value in face.items() if name != "content_types"} | own


def _export_template(face: Face) -> Face:
    """Up to v2.7 the type of object is a number that means something in that database only."""
    return face | {"content_type": None} if isinstance(face.get("content_type"), int) else face


def _whole(name: str) -> Callable[[Face], Face]:
    """v2.11: fractions of processors."""

    def round_up(face: Face) -> Face:
        value = face.get(name)
        return face | {name: -int(-float(value) // 1)} if isinstance(value, float | str) and value else face

    return round_up


BY_PATH: dict[str, Callable[[Face], Face]] = {
    "circuits/circuit-terminations": _termination,
    "dcim/console-ports": _endpoint("dcim.consoleserverport", "cs_port"),
    "dcim/interface-templates": _renamed("type", "form_factor"),
    "dcim/interfaces": _renamed("type", "form_factor"),
    "dcim/power-ports": _endpoint("dcim.poweroutlet", "power_outlet"),
    "dcim/racks": _renamed("location", "group"),
    "extras/custom-fields": _custom_field,
    "extras/export-templates": _export_template,
    "ipam/ip-addresses": _address,
    "ipam/vlan-groups": _vlan_group,
    "secrets/secrets": _secret,
    "virtualization/interfaces": _renamed("type", "form_factor"),
    "virtualization/virtual-machines": _whole("vcpus"),
}


def renamed(path: str, face: Face) -> Face:
    """`face` with the names of v2.3."""
    return BY_PATH[path](face) if path in BY_PATH else face
