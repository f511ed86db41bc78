"""From a definition of the library to rows: a manufacturer, a device type and the templates of its components."""

import re
import unicodedata
from math import ceil
from typing import Any

from moving.device_types.definition import Definition
from moving.device_types.interface_types import FORM_FACTORS, OTHER
from moving.report import MoveReport
from moving.rows import Row

MANUFACTURERS, DEVICE_TYPES = "dcim/manufacturers", "dcim/device-types"
TEMPLATES = {
    "console-ports": "dcim/console-port-templates",
    "console-server-ports": "dcim/console-server-port-templates",
    "power-ports": "dcim/power-port-templates",
    "power-outlets": "dcim/power-outlet-templates",
    "interfaces": "dcim/interface-templates",
    "device-bays": "dcim/device-bay-templates",
}
VALUES = ("manufacturer", "model", "slug", "part_number", "u_height", "is_full_depth", "subdevice_role", "comments")
ROLES = {"parent": True, "child": False}
TRUE = ("true", "yes", "on", "1")


def rows_of(definition: Definition, report: MoveReport) -> list[Row]:
    """The rows of one file; what has no counterpart is counted by `report`."""
    maker = slugified(definition.values["manufacturer"])
    key = f"{maker}/{definition.values['slug']}"
    rows = [Row(MANUFACTURERS, maker, {"name": definition.values["manufacturer"], "slug": maker})]
    rows.append(Row(DEVICE_TYPES, key, _device_type(definition, maker, report)))
    for name, entries in definition.parts.items():
        if name in TEMPLATES:
            rows += _templates(name, entries, key, report)
        else:
            report.no_place(name, len(entries))
    for name in definition.values.keys() - set(VALUES):
        report.no_place(f"device type: {name}")
    for name in definition.repeated:
        report.no_place(f"given twice, the last counts: {name}")
    return rows


def slugified(name: str) -> str:
    """A name as a slug: `Hewlett Packard (HP)` is `hewlett-packard-hp`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-")[:50] or "unnamed"


def _device_type(definition: Definition, maker: str, report: MoveReport) -> dict[str, Any]:
    values, parts = definition.values, definition.parts
    role = ROLES.get(values.get("subdevice_role", ""))
    if parts.get("device-bays") and role is not True:
        role = True
        report.no_place("subdevice_role of what has device bays, which is parent here")
    height = _height(values.get("u_height", "1"), report)
    if role is False and height:
        height = 0
        report.no_place("u_height of a child, which is 0 here")
    return {
        "manufacturer": maker,
        "model": values["model"],
        "slug": values["slug"],
        "part_number": values.get("part_number", ""),
        "u_height": height,
        "is_full_depth": values.get("is_full_depth", "true").lower() in TRUE,
        "is_console_server": bool(parts.get("console-server-ports")),
        "is_pdu": bool(parts.get("power-outlets")),
        "is_network_device": any(not _is_management(each) for each in parts.get("interfaces", ())),
        "subdevice_role": "None" if role is None else role,
        "comments": values.get("comments", ""),
    }


def _height(text: str, report: MoveReport) -> int:
    """Whole units; half ones are rounded up."""
    try:
        height = float(text)
        whole = ceil(height)
    except (ValueError, OverflowError):
        height, whole = 0.0, 1
    if whole != height:
        report.no_place(f"u_height {text[:20]}, which is {whole} here")
    return whole


def _templates(name: str, entries: list[dict[str, str]], key: str, report: MoveReport) -> list[Row]:
    taken = {"name", "type", "mgmt_only"} if name == "interfaces" else {"name"}
    rows = {}
    for entry in entries:
        for attribute in entry.keys() - taken:
            report.no_place(f"{name}: {attribute}")
        pk = f"{key}/{entry['name']}"
        if pk in rows:
            report.no_place(f"{name}: the same name again")
        body = {"device_type": key, "name": entry["name"]}
        rows[pk] = Row(TEMPLATES[name], pk, body | (_interface(entry, report) if name == "interfaces" else {}))
    return list(rows.values())


def _interface(entry: dict[str, str], report: MoveReport) -> dict[str, Any]:
    kind = entry.get("type", "")
    if kind not in FORM_FACTORS:
        report.no_place(f"interfaces: type {kind}, which is Other here")
    return {"form_factor": FORM_FACTORS.get(kind, OTHER), "mgmt_only": _is_management(entry)}


def _is_management(entry: dict[str, str]) -> bool:
    return entry.get("mgmt_only", "").lower() in TRUE
