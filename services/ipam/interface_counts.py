"""What dcim asks of ipam for an interface: how many addresses are on it."""

from sqlalchemy import Connection, func, select

from services.ipam.resources.ip_addresses import IPAddress
from shared import JsonObject


def interface_counts(connection: Connection, ids: list[int]) -> dict[int, JsonObject]:
    """`{interface id: {count_ipaddresses}}` for those of `ids` that have an address."""
    on = IPAddress.__table__.c.interface_id
    counted = select(on, func.count()).where(on.in_(ids)).group_by(on)
    return {pk: {"count_ipaddresses": number} for pk, number in connection.execute(counted) if pk is not None}
