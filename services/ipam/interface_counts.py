"""What dcim asks of ipam for an interface: how many addresses are on it."""

from sqlalchemy import Connection

from shared import JsonObject
from shared.db import prepared

_COUNTED = """
SELECT interface_id, count(*) FROM ipam_ipaddress WHERE interface_id = ANY(CAST($1 AS integer[])) GROUP BY interface_id
"""


def interface_counts(connection: Connection, ids: list[int]) -> dict[int, JsonObject]:
    """`{interface id: {count_ipaddresses}}` for those of `ids` that have an address."""
    counted = prepared.execute(connection, "interface_counts", _COUNTED, (ids,))
    return {pk: {"count_ipaddresses": number} for pk, number in counted}
