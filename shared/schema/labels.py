"""What people call an attribute, where that is not its name with spaces."""

LABELS = {
    "account": "Account number",
    "asn": "ASN",
    "cid": "Circuit ID",
    "commit_rate": "Commit rate (Kbps)",
    "contact_email": "Contact E-mail",
    "desc_units": "Descending units",
    "disk": "Disk (GB)",
    "enforce_unique": "Enforce unique space",
    "facility_id": "Facility ID",
    "id": "ID",
    "install_date": "Date installed",
    "is_console_server": "Is a console server",
    "is_network_device": "Is a network device",
    "is_pdu": "Is a PDU",
    "is_pool": "Is a pool",
    "is_private": "Private",
    "link": "Link URL",
    "mac_address": "MAC Address",
    "memory": "Memory (MB)",
    "mgmt_only": "OOB Management",
    "mtu": "MTU",
    "napalm_driver": "NAPALM driver",
    "noc_contact": "NOC contact",
    "part_id": "Part ID",
    "port": "Port number",
    "port_speed": "Port speed (Kbps)",
    "portal_url": "Portal",
    "position": "Position (U)",
    "pp_info": "Patch panel/port(s)",
    "rd": "Route distinguisher",
    "rpc_client": "Legacy RPC client",
    "serial": "Serial number",
    "source": "Source URL",
    "term_side": "Termination",
    "u_height": "Height (U)",
    "upstream_speed": "Upstream speed (Kbps)",
    "vcpus": "VCPUs",
    "vid": "ID",
    "vm_role": "VM Role",
    "xconnect_id": "Cross-connect ID",
}


def label_of(name: str) -> str:
    """The label of the attribute `name`, as NetBox 2.3 has it."""
    return LABELS.get(name) or name.replace("_", " ").capitalize()
