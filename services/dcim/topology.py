"""The answer to the lookup "topology": devices by the patterns of a map, and what connects them."""

import time
from typing import Any

import psycopg2.errors
from sqlalchemy import Connection, Select, or_, select, true
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased

from services.dcim.resources.device_roles import DeviceRole
from services.dcim.resources.devices import Device
from services.dcim.resources.interface_connections import InterfaceConnection
from services.dcim.resources.interfaces import Interface
from shared import JsonObject

MOST_DEVICES = 1000
PATTERNS_MS = 1000  # of all of them together
REFUSALS: dict[type, str] = {
    psycopg2.errors.InvalidRegularExpression: "One of the patterns is not a regular expression.",
    psycopg2.errors.QueryCanceled: "The patterns take too long to match; write simpler ones.",
}


def topology(connection: Connection, ids: list[Any]) -> dict[int, JsonObject]:
    """`{0: {devices, edges}}` for one `{site, tiers}`: the first tier with a matching pattern has the device."""
    try:
        devices = _devices(connection, **ids[0])
    except DBAPIError as error:
        if type(error.orig) not in REFUSALS:
            raise
        return {0: {"error": REFUSALS[type(error.orig)]}}
    if len(devices) > MOST_DEVICES:
        return {0: {"error": f"The patterns match more than {MOST_DEVICES} devices."}}
    return {0: {"devices": list(devices.values()), "edges": _edges(connection, list(devices))}}


def _devices(connection: Connection, site: int | None, tiers: list[list[str]]) -> dict[int, JsonObject]:
    """The devices by id. Raises DBAPIError (QueryCanceled) when the patterns take longer than the caller waits."""
    found: dict[int, JsonObject] = {}
    ends = time.monotonic() + PATTERNS_MS / 1000
    try:
        for number, patterns in enumerate(tiers):
            left = max(int(1000 * (ends - time.monotonic())), 1)
            connection.exec_driver_sql(f"SET statement_timeout = {left}")
            for row in connection.execute(_matching(site, patterns)):
                found.setdefault(row.id, {**row._mapping, "tier": number})
    finally:
        connection.exec_driver_sql("RESET statement_timeout")
    return found


def _matching(site: int | None, patterns: list[str]) -> Select[*tuple[Any, ...]]:
    return (
        select(Device.id, Device.name, DeviceRole.color)
        .join(DeviceRole, Device.device_role_id == DeviceRole.id)
        .where(or_(*(Device.name.regexp_match(each) for each in patterns)) if patterns else ~true())
        .where(Device.site_id == site if site else true())
        .order_by(Device.name, Device.id)
        .limit(MOST_DEVICES + 1)
    )


def _edges(connection: Connection, devices: list[int]) -> list[JsonObject]:
    a, b = aliased(Interface), aliased(Interface)
    cables = (
        select(a.device_id.label("a"), b.device_id.label("b"), InterfaceConnection.connection_status)
        .join(a, InterfaceConnection.interface_a_id == a.id)
        .join(b, InterfaceConnection.interface_b_id == b.id)
        .where(a.device_id.in_(devices), b.device_id.in_(devices))
    )
    styles = {True: "solid", False: "dashed"}
    return [{"a": row.a, "b": row.b, "style": styles[row[2]], "color": "black"} for row in connection.execute(cables)]
