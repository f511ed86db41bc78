"""The ipam service: its resources, in URL order."""

from services.ipam.base import Base
from services.ipam.counts import interface_counts, site_counts
from services.ipam.resources.aggregates import aggregates
from services.ipam.resources.ip_addresses import ip_addresses
from services.ipam.resources.prefixes import prefixes
from services.ipam.resources.rirs import rirs
from services.ipam.resources.roles import roles
from services.ipam.resources.services import services
from services.ipam.resources.vlan_groups import vlan_groups
from services.ipam.resources.vlans import vlans
from services.ipam.resources.vrfs import vrfs
from shared.api.app import create_app

RESOURCES = (vrfs, rirs, aggregates, roles, prefixes, ip_addresses, vlan_groups, vlans, services)

app = create_app(Base, RESOURCES, internal_queries={"site-counts": site_counts, "interface-counts": interface_counts})
