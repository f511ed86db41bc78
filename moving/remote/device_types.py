"""What a device type is used as; v2.5 and later do not say so, but their templates and devices show it."""

from functools import cached_property
from typing import Any

from moving.state import State

TEMPLATES = {
    "is_console_server": ("dcim/console-server-port-templates", "dcim/console-server-ports"),
    "is_pdu": ("dcim/power-outlet-templates", "dcim/power-outlets"),
    "is_network_device": ("dcim/interface-templates", "dcim/interfaces"),
}


class Uses:
    """The types by what the templates and components that were fetched need them to be."""

    def __init__(self, state: State) -> None:
        self._state = state

    def complete(self, face: dict[str, Any]) -> dict[str, Any]:
        """`face` with the flags that it lacks."""
        missing = {flag: face["id"] in types for flag, types in self._types.items() if flag not in face}
        return face | missing if missing else face

    @cached_property
    def _types(self) -> dict[str, set[int]]:
        of_device = {face["id"]: _id(face.get("device_type")) for face in self._state.fetched("dcim/devices")}
        found: dict[str, set[int]] = {}
        for flag, (templates, components) in TEMPLATES.items():
            types = {_id(face.get("device_type")) for face in self._state.fetched(templates)}
            owners = {_id(face.get("device")) for face in self._state.fetched(components)}
            found[flag] = {pk for pk in types | {of_device.get(owner) for owner in owners if owner} if pk}
        return found


def _id(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value
