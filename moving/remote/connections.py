"""Connections between interfaces, read from where the cables of v2.5 and later lead."""

from collections.abc import Iterable, Iterator
from typing import Any

from moving.rows import Row

PATH = "dcim/interface-connections"
INTERFACE = "dcim.interface"


def connections(interfaces: Iterable[dict[str, Any]]) -> Iterator[Row]:
    """One row for each two interfaces that lead to each other, numbered as the first of them."""
    for face in interfaces:
        if face.get("connected_endpoint_type") != INTERFACE or not face.get("connected_endpoint"):
            continue
        own, peer = face["id"], face["connected_endpoint"]["id"]
        if own < peer:
            body = {"interface_a": own, "interface_b": peer, "connection_status": _connected(face)}
            yield Row(PATH, own, body)


def _connected(face: dict[str, Any]) -> bool:
    """Whether the cable is there, or planned only; v2.10 says whether the peer is reached."""
    told = face.get("connection_status", face.get("connected_endpoint_reachable"))
    told = told.get("value") if isinstance(told, dict) else told
    return told is not False
