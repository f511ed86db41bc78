"""The floor: the rows of a page as JSON, by one statement that somebody wrote by hand for just this page."""

from dataclasses import dataclass, replace

NESTED = (
    "CASE WHEN {a}.id IS NOT NULL THEN"
    " json_build_object('id', {a}.id, 'url', %(base)s || '/api/{path}/' || {a}.id || '/', {names}) END"
)
NAMED = ("name", "slug")
MOMENT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def nested(alias: str, path: str, names: tuple[str, ...] = NAMED) -> str:
    return NESTED.format(a=alias, path=path, names=", ".join(f"'{name}', {alias}.{name}" for name in names))


def choice(column: str, labels: dict[int, str]) -> str:
    cases = " ".join(
        f"""WHEN {value} THEN '{{"value":{value},"label":"{label}"}}'::json""" for value, label in labels.items()
    )
    return f"CASE {column} {cases} END"


def face(path: str, *pairs: str) -> str:
    return f"json_build_object('id', t.id, 'url', %(base)s || '/api/{path}/' || t.id || '/', {', '.join(pairs)})::text"


DEVICE = face(
    "dcim/devices",
    "'name', t.name, 'display_name', coalesce(t.name, dt.model)",
    "'device_type', json_build_object('id', dt.id, 'url', %(base)s || '/api/dcim/device-types/' || dt.id || '/',"
    f" 'manufacturer', {nested('m', 'dcim/manufacturers')}, 'model', dt.model, 'slug', dt.slug)",
    f"'device_role', {nested('ro', 'dcim/device-roles')}, 'tenant', {nested('te', 'tenancy/tenants')}",
    f"'platform', {nested('pl', 'dcim/platforms')}, 'serial', t.serial, 'asset_tag', t.asset_tag",
    f"'site', {nested('si', 'dcim/sites')}",
    "'rack', CASE WHEN ra.id IS NOT NULL THEN json_build_object('id', ra.id,"
    " 'url', %(base)s || '/api/dcim/racks/' || ra.id || '/', 'name', ra.name, 'display_name', ra.name) END",
    "'position', t.position, 'face', " + choice("t.face", {0: "Front", 1: "Rear"}),
    "'status', "
    + choice("t.status", {0: "Offline", 1: "Active", 2: "Planned", 3: "Staged", 4: "Failed", 5: "Inventory"}),
    "'primary_ip', null, 'primary_ip4', null, 'primary_ip6', null, 'parent_device', null, 'cluster', null",
    "'virtual_chassis', null, 'vc_position', t.vc_position, 'vc_priority', t.vc_priority",
    "'comments', t.comments, 'custom_fields', json_build_object('batch', t.custom_fields -> '1'), 'created', t.created",
    "'last_updated', " + MOMENT.format("t.last_updated"),
)
DEVICE_JOINS = """
JOIN dcim_devicetype dt ON dt.id = t.device_type_id JOIN dcim_manufacturer m ON m.id = dt.manufacturer_id
JOIN dcim_devicerole ro ON ro.id = t.device_role_id LEFT JOIN tenancy_tenant te ON te.id = t.tenant_id
LEFT JOIN dcim_platform pl ON pl.id = t.platform_id JOIN dcim_site si ON si.id = t.site_id
LEFT JOIN dcim_rack ra ON ra.id = t.rack_id"""

INTERFACE = face(
    "dcim/interfaces",
    f"'device', {nested('d', 'dcim/devices', ('name',))}, 'name', t.name",
    "'form_factor', " + choice("t.form_factor", {1200: "SFP+ (10GE)", 1000: "1000BASE-T (1GE)"}),
    "'enabled', t.enabled, 'lag', null, 'mtu', t.mtu, 'mac_address', upper(t.mac_address::text)",
    "'mgmt_only', t.mgmt_only, 'description', t.description, 'is_connected', false, 'interface_connection', null",
    "'circuit_termination', null, 'mode', null, 'untagged_vlan', null, 'tagged_vlans', '[]'::json",
)
SITE = face(
    "dcim/sites",
    "'name', t.name, 'slug', t.slug, 'status', " + choice("t.status", {1: "Active", 2: "Planned", 4: "Retired"}),
    f"'region', {nested('re', 'dcim/regions')}, 'tenant', {nested('te', 'tenancy/tenants')}",
    "'facility', t.facility, 'asn', t.asn, 'time_zone', t.time_zone, 'description', t.description",
    "'physical_address', t.physical_address, 'shipping_address', t.shipping_address",
    "'contact_name', t.contact_name, 'contact_phone', t.contact_phone, 'contact_email', t.contact_email",
    "'comments', t.comments, 'custom_fields', '{}'::json, 'created', t.created",
    "'last_updated', " + MOMENT.format("t.last_updated"),
    "'count_racks', (SELECT count(*) FROM dcim_rack r WHERE r.site_id = t.id)",
    "'count_devices', (SELECT count(*) FROM dcim_device d WHERE d.site_id = t.id)",
    "'count_prefixes', 0, 'count_vlans', 0, 'count_circuits', 0",
)
SITE_JOINS = "LEFT JOIN dcim_region re ON re.id = t.region_id LEFT JOIN tenancy_tenant te ON te.id = t.tenant_id"

IP_STATUS = {1: "Active", 2: "Reserved", 3: "Deprecated", 5: "DHCP"}
ADDRESS = face(
    "ipam/ip-addresses",
    "'family', family(t.address), 'address', t.address::text, 'vrf', null",
    f"'tenant', {nested('te', 'tenancy/tenants')}, 'status', " + choice("t.status", IP_STATUS) + ", 'role', null",
    "'interface', CASE WHEN i.id IS NOT NULL THEN json_build_object('id', i.id, 'url', %(base)s ||"
    " '/api/dcim/interfaces/' || i.id || '/', 'device', json_build_object('id', i.device_id, 'url', %(base)s ||"
    " '/api/dcim/devices/' || i.device_id || '/', 'name', i.device_name, 'display_name', i.device_display_name),"
    " 'virtual_machine', null, 'name', i.name) END",
    "'description', t.description, 'nat_inside', null, 'nat_outside', null, 'custom_fields', '{}'::json",
    "'created', t.created, 'last_updated', " + MOMENT.format("t.last_updated"),
)
ADDRESS_JOINS = """
LEFT JOIN tenancy_tenant te ON te.id = t.tenant_id LEFT JOIN dcim_interface i ON i.id = t.interface_id"""

PREFIX = face(
    "ipam/prefixes",
    f"'family', family(t.prefix), 'prefix', t.prefix::text, 'site', {nested('si', 'dcim/sites')}, 'vrf', null",
    f"'tenant', {nested('te', 'tenancy/tenants')}, 'vlan', null, 'status', "
    + choice("t.status", {0: "Container", **IP_STATUS}),
    f"'role', {nested('ro', 'ipam/roles')}, 'is_pool', t.is_pool, 'description', t.description",
    "'custom_fields', '{}'::json, 'created', t.created, 'last_updated', " + MOMENT.format("t.last_updated"),
)
PREFIX_JOINS = """
LEFT JOIN dcim_site si ON si.id = t.site_id LEFT JOIN tenancy_tenant te ON te.id = t.tenant_id
LEFT JOIN ipam_role ro ON ro.id = t.role_id"""


@dataclass(frozen=True)
class Floor:
    """One list: the service that has it, and the parts of its statement."""

    service: str
    face: str
    table: str
    joins: str
    order: str
    sorting: str = ""

    def sql(self, where: str = "true", limit: int = 50, offset: int = 0) -> str:
        rows = f"SELECT t.* FROM {self.table} t {self.sorting} WHERE {where}"
        page = f"{rows} ORDER BY {self.order} LIMIT {limit} OFFSET {offset}"
        return f"SELECT {self.face} FROM ({page}) t {self.joins} ORDER BY {self.order}"


DEVICES = Floor("dcim", DEVICE, "dcim_device", DEVICE_JOINS, "t.name_order, t.id")
DEVICE_NAMES = replace(DEVICES, face="json_build_object('id', t.id, 'name', t.name)::text", joins="")
OF_DEVICE = "JOIN dcim_device d ON d.id = t.device_id"
INTERFACES = Floor("dcim", INTERFACE, "dcim_interface", OF_DEVICE, "d.name, t.name, t.id", sorting=OF_DEVICE)
SITES = Floor("dcim", SITE, "dcim_site", SITE_JOINS, "t.name_order, t.id")
ADDRESSES = Floor("ipam", ADDRESS, "ipam_ipaddress", ADDRESS_JOINS, "t.host, t.id")
PREFIXES = Floor("ipam", PREFIX, "ipam_prefix", PREFIX_JOINS, "t.vrf_order NULLS FIRST, t.prefix, t.id")


def found(text: str) -> str:
    """The condition of `q` on devices."""
    return " OR ".join(f"t.{column} ILIKE '%%{text}%%'" for column in ("name", "serial", "asset_tag", "comments"))


def free(network: str) -> str:
    """The first addresses of `network` that nothing has, each host tried in turn."""
    return f"""
SELECT json_build_object('family', 4, 'address', host(h.host) || '/' || masklen('{network}'), 'vrf', null)::text
FROM (SELECT host('{network}')::inet + n AS host FROM generate_series(1, (1 << 32 - masklen('{network}')) - 2) n) h
WHERE NOT EXISTS (SELECT FROM ipam_ipaddress t WHERE t.host = h.host)
ORDER BY h.host LIMIT 50"""
