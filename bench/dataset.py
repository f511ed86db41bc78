"""What a filled stack holds: interfaces and addresses in the number asked for, and what goes with them."""

from ipaddress import IPv4Address
from itertools import chain

from bench.filling import Filler
from shared import JsonObject

SITES, TENANTS, VRFS = 100, 100, 5
FIRST_PREFIX = int(IPv4Address("10.0.0.0"))
CROWDED = int(IPv4Address("172.16.0.0"))
CROWDED_HOSTS = 1000
CROWDED_PORTS = 5000


class Dataset:
    """The sizes that follow from `rows`: ten interfaces and addresses for each device and prefix."""

    def __init__(self, rows: int) -> None:
        self.interfaces = self.addresses = rows
        self.devices = self.prefixes = max(rows // 10, 1)
        self.racks = max(rows // 200, 1)

    def fill(self, filler: Filler) -> None:
        """Fill every service; the objects refer to each other across them."""
        self._fill_tenancy(filler)
        self._fill_dcim(filler)
        if "ipam.prefix" in filler.known("ipam"):
            self._fill_ipam(filler)
        filler.settle(("tenancy", "dcim", "ipam"))

    def _fill_tenancy(self, filler: Filler) -> None:
        filler.add("tenancy.tenantgroup", named("Group", 10))
        filler.add(
            "tenancy.tenant", ({**row, "group_id": 1 + n % 10} for n, row in enumerate(named("Tenant", TENANTS)))
        )

    def _fill_dcim(self, filler: Filler) -> None:
        filler.refer("dcim", "tenancy.tenant", range(1, TENANTS + 1))
        self.batch = filler.define_batch()
        regions = named("Region", 10)
        filler.add("dcim.region", ({**row, "tree_order": row["name"]} for row in regions))
        sites = enumerate(named("Site", SITES))
        filler.add("dcim.site", ({**row, "region_id": 1 + n % 10, "tenant_id": tenant(n)} for n, row in sites))
        filler.add("dcim.manufacturer", named("Manufacturer", 10))
        filler.add(
            "dcim.devicetype",
            ({"manufacturer_id": 1 + n % 10, "model": f"Model {n}", "slug": f"model-{n}"} for n in range(20)),
        )
        filler.add("dcim.devicerole", ({**row, "color": "aa1409"} for row in named("Role", 10)))
        filler.add("dcim.platform", named("Platform", 5))
        filler.add("dcim.rack", ({"name": f"R{n}", "site_id": 1 + n % SITES} for n in range(self.racks)))
        filler.add("dcim.device", map(self._device, range(self.devices + 1)))
        filler.add("dcim.interface", chain(map(self._interface, range(self.interfaces)), self._crowded_ports()))

    @property
    def crowded_device(self) -> int:
        """The id of the device with CROWDED_PORTS interfaces; the others have ten."""
        return self.devices + 1

    def _crowded_ports(self) -> list[JsonObject]:
        ports = (self._interface(self.interfaces + n) for n in range(CROWDED_PORTS))
        return [{**port, "device_id": self.crowded_device, "name": f"port {n}"} for n, port in enumerate(ports)]

    def _device(self, n: int) -> JsonObject:
        rack = n % self.racks
        return {
            "name": f"sw{n}.site{rack % SITES}",
            "device_type_id": 1 + n % 20,
            "device_role_id": 1 + n % 10,
            "tenant_id": tenant(n),
            "platform_id": 1 + n % 5,
            "serial": f"SN{n:08}",
            "asset_tag": f"A{n:08}",
            "site_id": 1 + rack % SITES,
            "rack_id": 1 + rack,
            "position": 1 + n // self.racks % 42,
            "face": n % 2,
            "custom_fields": {str(self.batch): f"batch-{n // 50}"},
            "comments": f"Installed in batch {n // 1000}",
        }

    def _interface(self, n: int) -> JsonObject:
        return {
            "name": f"xe-0/0/{n % 10}",
            "device_id": 1 + n // 10,
            "mtu": 1500,
            "mac_address": f"02:00:{n >> 24 & 255:02x}:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}",
            "description": f"Port {n}",
        }

    def _fill_ipam(self, filler: Filler) -> None:
        filler.refer("ipam", "tenancy.tenant", range(1, TENANTS + 1))
        filler.refer("ipam", "dcim.site", range(1, SITES + 1))
        filler.refer("ipam", "dcim.interface", range(1, self.interfaces + CROWDED_PORTS + 1))
        filler.add("ipam.vrf", ({"name": f"VRF {n}", "rd": f"65000:{n}", "tenant_id": tenant(n)} for n in range(VRFS)))
        filler.add("ipam.role", named("Role", 5))
        filler.add("ipam.prefix", chain(map(self._prefix, range(self.prefixes)), [crowded_prefix()]))
        filler.add("ipam.ipaddress", chain(map(self._address, range(self.addresses)), crowded_hosts()))

    def _prefix(self, n: int) -> JsonObject:
        return {
            "prefix": f"{IPv4Address(FIRST_PREFIX + n * 256)}/24",
            "site_id": 1 + n % SITES,
            "tenant_id": tenant(n),
            "vrf_id": None,
            "role_id": 1 + n % 5,
            "vrf_order": None,
            "description": f"Network {n}",
        }

    def _address(self, n: int) -> JsonObject:
        return {
            "address": f"{IPv4Address(FIRST_PREFIX + n // 10 * 256 + 1 + n % 10)}/24",
            "vrf_id": None,
            "tenant_id": tenant(n),
            "interface_id": 1 + n % self.interfaces,
            "description": f"Host {n}",
        }


def named(kind: str, count: int) -> list[JsonObject]:
    return [{"name": f"{kind} {n}", "slug": f"{kind.lower()}-{n}"} for n in range(count)]


def tenant(n: int) -> int:
    """Half of everything is the first tenant's, who has so much more than the others."""
    return 1 if n % 2 else 2 + n // 2 % (TENANTS - 1)


def crowded_prefix() -> JsonObject:
    return {
        "prefix": f"{IPv4Address(CROWDED)}/22",
        "site_id": 1,
        "tenant_id": 1,
        "vrf_id": None,
        "role_id": 1,
        "vrf_order": None,
        "description": "Crowded",
    }


def crowded_hosts() -> list[JsonObject]:
    return [
        {
            "address": f"{IPv4Address(CROWDED + 1 + n)}/22",
            "vrf_id": None,
            "tenant_id": 1,
            "interface_id": None,
            "description": "Crowded",
        }
        for n in range(CROWDED_HOSTS)
    ]
