"""What is measured: requests, each with the statement that is its floor."""

from dataclasses import dataclass, replace

from bench import floors
from bench.dataset import Dataset
from bench.floors import ADDRESSES, DEVICE_NAMES, DEVICES, INTERFACES, PREFIXES, SITES, Floor


@dataclass(frozen=True)
class Read:
    """A GET of `path`, whose rows `sql` gives as JSON."""

    name: str
    floor: Floor
    path: str
    sql: str
    times: int = 60


def page(
    name: str, floor: Floor, path: str, query: str = "", where: str = "true", limit: int = 50, offset: int = 0
) -> Read:
    given = "&".join(filter(None, (query, f"limit={limit}", f"offset={offset}" if offset else "")))
    return Read(
        name, floor, f"{path}?{given}", floor.sql(where, limit, offset), 60 if limit < 1000 and offset < 10000 else 12
    )


def reads(data: Dataset) -> list[Read]:
    devices, interfaces = "/api/dcim/devices/", "/api/dcim/interfaces/"
    addresses, prefixes, sites = "/api/ipam/ip-addresses/", "/api/ipam/prefixes/", "/api/dcim/sites/"
    lists = (
        ("devices", DEVICES, devices),
        ("interfaces", INTERFACES, interfaces),
        ("addresses", ADDRESSES, addresses),
        ("prefixes", PREFIXES, prefixes),
    )
    first_tenant = "t.tenant_id IN (SELECT id FROM tenancy_tenant WHERE slug = 'tenant-7')"
    of_site = "t.site_id IN (SELECT id FROM dcim_site WHERE slug = 'site-7')"
    within = "t.host <<= '10.0.7.0/24'"
    of_batch = """t.custom_fields @> '{"1": "batch-7"}'"""
    by_id = replace(ADDRESSES, order="t.id")
    last = data.addresses - 50
    crowded = f"{prefixes}{data.prefixes + 1}/available-ips/"
    return [
        *(page(f"{name}, {limit}", floor, path, limit=limit) for limit in (50, 1000) for name, floor, path in lists),
        page("devices, id and name, 1000", DEVICE_NAMES, devices, "fields=id,name", limit=1000),
        page("sites, 50", SITES, sites),
        one("one site", SITES, sites, 7),
        one("one device", DEVICES, devices, 7),
        one("one address", ADDRESSES, addresses, 7),
        page("devices of a site (slug)", DEVICES, devices, "site=site-7", of_site),
        page("devices of a tenant (slug)", DEVICES, devices, "tenant=tenant-7", first_tenant),
        page("interfaces of a device (id)", INTERFACES, interfaces, "device_id=7", "t.device_id = 7"),
        page("addresses in a prefix (parent)", ADDRESSES, addresses, "parent=10.0.7.0/24", within),
        page("prefixes around an address", PREFIXES, prefixes, "contains=10.0.7.9", "t.prefix >> '10.0.7.9'"),
        page("devices by name (q)", DEVICES, devices, "q=SN00000077", floors.found("SN00000077")),
        page("devices of a batch (cf_)", DEVICES, devices, "cf_batch=batch-7", of_batch),
        Read("free addresses, crowded prefix", ADDRESSES, crowded, floors.free("172.16.0.0/22"), 60),
        page("devices, deep offset", DEVICES, devices, offset=data.devices - 50),
        page("addresses, deep offset", ADDRESSES, addresses, offset=last),
        page("addresses, deep cursor", by_id, addresses, f"cursor={last}", f"t.id > {last}"),
    ]


def one(name: str, floor: Floor, path: str, pk: int) -> Read:
    return Read(name, floor, f"{path}{pk}/", floor.sql(f"t.id = {pk}"), 100)
