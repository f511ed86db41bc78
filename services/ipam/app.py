"""The ipam service: its resources, in URL order."""

from services.ipam.base import Base
from services.ipam.interface_counts import interface_counts
from services.ipam.resources.aggregates import aggregates
from services.ipam.resources.ip_addresses import ip_addresses
from services.ipam.resources.prefixes import Prefix, prefixes
from services.ipam.resources.rirs import rirs
from services.ipam.resources.roles import roles
from services.ipam.resources.services import services
from services.ipam.resources.vlan_groups import vlan_groups
from services.ipam.resources.vlans import VLAN, vlans
from services.ipam.resources.vrfs import vrfs
from shared.api.app import create_app
from shared.references.lookups import counts

RESOURCES = (vrfs, rirs, aggregates, roles, prefixes, ip_addresses, vlan_groups, vlans, services)

SITE_COUNTS = counts(count_prefixes=Prefix.__table__.c.site_id, count_vlans=VLAN.__table__.c.site_id)

app = create_app(Base, RESOURCES, internal_queries={"site-counts": SITE_COUNTS, "interface-counts": interface_counts})
