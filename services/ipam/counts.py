"""How many objects of this service refer to what others own: what they ask for to show it."""

from sqlalchemy import Connection, func, select

from services.ipam.resources.ip_addresses import IPAddress
from services.ipam.resources.prefixes import Prefix
from services.ipam.resources.vlans import VLAN
from shared import JsonObject
from shared.references.lookups import counts

site_counts = counts(count_prefixes=Prefix.__table__.c.site_id, count_vlans=VLAN.__table__.c.site_id)


def interface_counts(connection: Connection, ids: list[int]) -> dict[int, JsonObject]:
    """`{interface id: {count_ipaddresses}}` for those of `ids` that have an address."""
    on = IPAddress.__table__.c.interface_id
    counted = select(on, func.count()).where(on.in_(ids)).group_by(on)
    return {pk: {"count_ipaddresses": number} for pk, number in connection.execute(counted)}
