"""From an object as any NetBox v2 shows it to a row: nested objects become ids, choices the values they have here."""

import re
from typing import Any

from moving.catalogue import Kind
from moving.remote.choices import NOT_HERE, value_of
from moving.remote.renames import renamed
from moving.report import MoveReport
from moving.rows import Row, SourceId

# Values that follow from others, or are of no use elsewhere.
DERIVED = re.compile(
    r"id|url|display.*|created|last_updated|family|.*_count|count_.*|_?depth|level|cable.*|connected_endpoint.*"
    r"|connection_status|interface_connection|is_connected|circuit_termination|mark_connected|_?occupied"
    r"|config_context|assigned_object.*|natural_.*|nat_outside|hash|.*_url|is_staff|date_joined|last_login"
)
OTHER = "Other"
EMPTY: tuple[Any, ...] = (None, "", [], {}, False)


def rows_of(kind: Kind, face: dict[str, Any], report: MoveReport) -> list[Row]:
    """The rows that an object is read as: one, but for a service that listens on several ports (v2.10)."""
    face = dict(renamed(kind.path, face))
    ports = face.pop("ports", None) if "port" in kind.fields else None
    body = body_of(kind, face, report)
    if ports:
        ids: list[SourceId] = [face["id"], *(f"{face['id']}-{port}" for port in ports[1:])]
        return [Row(kind.path, pk, body | {"port": port}) for pk, port in zip(ids, ports, strict=True)]
    return [Row(kind.path, face["id"], body)]


def body_of(kind: Kind, face: dict[str, Any], report: MoveReport) -> dict[str, Any]:
    """The part of `face` that has a counterpart here; `report` counts the rest."""
    body = {}
    for name, value in face.items():
        if name in kind.fields and name != kind.file:
            read = _read(kind, name, value)
            if read is NOT_HERE:
                report.no_place(f"{kind.path}: {name} {_label(value)}")
                read = value_of(kind.choices(name), OTHER)
            if read is not NOT_HERE:
                body[name] = read
        elif name not in kind.shown and value not in EMPTY and not DERIVED.fullmatch(name):
            report.no_place(f"{kind.path}: {name}")
    return body


def _read(kind: Kind, name: str, value: Any) -> Any:
    if name == kind.custom:
        return {each: _of(one, "label") for each, one in (value or {}).items()}
    if name in kind.lists:
        return sorted(_of(each, "id") for each in value or [])
    if name in kind.references:
        return _of(value, "id")
    if kind.choices(name):
        return _choice(kind, name, value)
    if name == "choices" and isinstance(value, list):
        return [{key: each[key] for key in ("value", "weight")} for each in value]
    return value


def _choice(kind: Kind, name: str, value: Any) -> Any:
    if value is None or value == "":
        blank = kind.fields[name].get("x-blank")
        return value if blank is None else blank
    return value_of(kind.choices(name), value)


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else value


def _label(value: Any) -> str:
    return str(value.get("label", value.get("value")) if isinstance(value, dict) else value)
