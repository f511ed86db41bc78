"""One small inventory in the shapes of several releases of NetBox.

Written after the release notes and the documented replies of v2.5 to v2.11; there was no such NetBox to ask.
"""

from io import BytesIO
from typing import Any

from PIL import Image

from tests.moving.netbox import NetBox

VERSIONS = ("2.5", "2.6", "2.7", "2.8", "2.9", "2.10", "2.11")
PICTURE = "/media/image-attachments/site_5_Front.png"


class Sample:
    """Faces of one release."""

    def __init__(self, version: str) -> None:
        self.version = tuple(map(int, version.split(".")))

    def since(self, minor: int) -> bool:
        return self.version >= (2, minor)

    def choice(self, number: int, text: str, label: str) -> dict[str, Any]:
        """Numbers, then texts with the numbers beside them, then texts."""
        if not self.since(7):
            return {"value": number, "label": label}
        return {"value": text, "label": label} | ({} if self.since(8) else {"id": number})

    def nested(self, path: str, pk: int, **names: Any) -> dict[str, Any]:
        shown = {"id": pk, "url": f"http://netbox.example/api/{path}/{pk}/"} | names
        return shown | ({"display": next(iter(names.values()), str(pk))} if self.since(11) else {})

    def selection(self) -> Any:
        return "red" if self.since(10) else {"value": 3, "label": "red"}

    def face(self, pk: int, **attributes: Any) -> dict[str, Any]:
        tags = [{"id": 1, "name": "Prod", "slug": "prod"}] if self.since(9) else ["Prod"]
        common = {"id": pk, "tags": tags, "created": "2020-01-01", "last_updated": "2020-01-01T00:00:00Z"}
        return common | attributes | ({"display": str(pk), "url": "http://x/"} if self.since(9) else {})

    def peer(self, label: str, path: str, pk: int) -> dict[str, Any]:
        """What a cable leads to."""
        status = {"value": True, "label": "Connected"}
        reached = {"connected_endpoint_reachable": True} if self.since(10) else {"connection_status": status}
        nested = self.nested(path, pk, name="x", device=self.device(1))
        return {"connected_endpoint_type": label, "connected_endpoint": nested, "cable": {"id": 1}} | reached

    @property
    def loose(self) -> dict[str, Any]:
        reached = "connected_endpoint_reachable" if self.since(10) else "connection_status"
        return {"connected_endpoint_type": None, "connected_endpoint": None, "cable": None, reached: None}

    def device(self, pk: int) -> dict[str, Any]:
        return self.nested("dcim/devices", pk, name=f"sw{pk}", display_name=f"sw{pk}")

    def site(self) -> dict[str, Any]:
        return self.nested("dcim/sites", 5, name="Moved", slug="moved")

    def _interface(self, pk: int, device: int, name: str, kind: dict[str, Any], **more: Any) -> dict[str, Any]:
        typed = {"type" if self.since(7) else "form_factor": kind}
        base = {"enabled": True, "lag": None, "mtu": None, "mac_address": None, "mgmt_only": False, "description": ""}
        vlans: dict[str, Any] = {"mode": None, "untagged_vlan": None, "tagged_vlans": [], "count_ipaddresses": 0}
        return self.face(pk, device=self.device(device), name=name, **(typed | base | vlans | self.loose | more))

    def _address(self, pk: int, address: str, kind: str | None, of: int | None) -> dict[str, Any]:
        if self.since(9):
            assigned = {"assigned_object_type": kind, "assigned_object_id": of, "assigned_object": of and {"id": of}}
        else:
            assigned = {"interface": of and self.nested("dcim/interfaces", of, name="x", device=self.device(1))}
        family = {"value": 4, "label": "IPv4"} if self.since(8) else 4
        status = self.choice(1, "active", "Active")
        base = {"family": family, "address": address, "vrf": None, "tenant": None, "status": status, "role": None}
        return self.face(
            pk, **base, **assigned, nat_inside=None, nat_outside=None, dns_name="a.example", description=""
        )

    def _definitions(self) -> list[dict[str, Any]]:
        """Part of the API from v2.10 on."""
        base = {"content_types": ["dcim.site"], "required": False, "weight": 100, "default": None, "choices": []}
        base |= {"filter_logic": {"value": "loose", "label": "Loose"}, "label": "", "description": ""}
        base |= {"validation_minimum": None, "validation_regex": ""}
        types = (("colour", "select", "Selection"), ("size", "integer", "Integer"), ("day", "text", "Text"))
        return [
            {"id": pk, "name": name, "type": {"value": value, "label": label}}
            | base
            | ({"choices": ["red", "blue"]} if value == "select" else {})
            for pk, (name, value, label) in enumerate(types, 1)
        ]

    def lists(self) -> dict[str, list[dict[str, Any]]]:
        """Everything by its path."""
        groups = "dcim/locations" if self.since(11) else "dcim/rack-groups"
        group = self.nested(groups, 8, name="Hall", slug="hall")
        kind = self.nested("dcim/device-types", 2, model="S1", slug="s1")
        sfp, lag = (
            self.choice(1200, "10gbase-x-sfpp", "SFP+ (10GE)"),
            self.choice(200, "lag", "Link Aggregation Group (LAG)"),
        )
        active, role = self.choice(1, "active", "Active"), self.nested("dcim/device-roles", 3, name="Leaf", slug="leaf")
        scope = (
            {"scope_type": "dcim.site", "scope_id": 5, "scope": self.site()}
            if self.since(11)
            else {"site": self.site()}
        )
        owner = {"assigned_object_type": "dcim.device", "assigned_object_id": 1, "assigned_object": self.device(1)}
        return {
            **({"extras/custom-fields": self._definitions()} if self.since(10) else {}),
            "dcim/regions": [self.face(1, name="Netherlands", slug="nl", parent=None, site_count=1)],
            "dcim/sites": [
                self.face(
                    5,
                    name="Moved",
                    slug="moved",
                    status=active,
                    region=self.nested("dcim/regions", 1, name="x"),
                    tenant=None,
                    latitude="52.1",
                    custom_fields={"colour": self.selection(), "size": 7, "day": None},
                ),
            ],
            groups: [self.face(8, name="Hall", slug="hall", site=self.site(), rack_count=1, parent=None)],
            "dcim/racks": [
                self.face(
                    4,
                    name="R1",
                    facility_id=None,
                    site=self.site(),
                    u_height=42,
                    desc_units=False,
                    tenant=None,
                    role=None,
                    status=active,
                    serial="",
                    type=self.choice(300, "4-post-cabinet", "4-post cabinet"),
                    width={"value": 19, "label": "19 inches"},
                    custom_fields={},
                    **{"location" if self.since(11) else "group": group},
                ),
            ],
            "dcim/rack-reservations": [
                self.face(
                    1,
                    rack=self.nested("dcim/racks", 4, name="R1"),
                    units=[1, 2],
                    tenant=None,
                    description="mine",
                    user=self.nested("users/users", 9, username="mover"),
                ),
            ],
            "dcim/manufacturers": [self.face(1, name="Acme", slug="moved-acme", devicetype_count=1)],
            "dcim/device-types": [
                self.face(
                    2,
                    manufacturer=self.nested("dcim/manufacturers", 1, name="x"),
                    model="S1",
                    slug="s1",
                    u_height=1,
                    is_full_depth=True,
                    subdevice_role=None,
                    comments="",
                    part_number="",
                    custom_fields={},
                ),
            ],
            "dcim/device-roles": [self.face(3, name="Leaf", slug="leaf", color="aa1409", vm_role=False)],
            "dcim/devices": [
                self.face(
                    pk,
                    name=f"sw{pk}",
                    display_name=f"sw{pk}",
                    device_type=kind,
                    device_role=role,
                    tenant=None,
                    platform=None,
                    serial="",
                    asset_tag=None,
                    site=self.site(),
                    position=pk,
                    parent_device=None,
                    rack=self.nested("dcim/racks", 4, name="R1"),
                    face=self.choice(0, "front", "Front"),
                    status=active,
                    primary_ip=None,
                    primary_ip6=None,
                    cluster=None,
                    virtual_chassis=None,
                    primary_ip4=self.nested("ipam/ip-addresses", 6, address="10.77.0.1/24") if pk == 1 else None,
                    vc_position=None,
                    vc_priority=None,
                    comments="",
                    local_context_data=None,
                    custom_fields={},
                )
                for pk in (1, 2)
            ],
            "dcim/interfaces": [
                self._interface(
                    10,
                    1,
                    "xe-0",
                    sfp,
                    lag=self.nested("dcim/interfaces", 11, name="ae0"),
                    **self.peer("dcim.interface", "dcim/interfaces", 12),
                ),
                self._interface(11, 1, "ae0", lag),
                self._interface(12, 2, "xe-0", sfp, **self.peer("dcim.interface", "dcim/interfaces", 10)),
                self._interface(
                    13, 2, "xe-1", sfp, **self.peer("circuits.circuittermination", "circuits/circuit-terminations", 1)
                ),
            ],
            "dcim/power-outlets": [self.face(1, device=self.device(2), name="o1", **self.loose)],
            "dcim/power-ports": [
                self.face(
                    1, device=self.device(1), name="psu", **self.peer("dcim.poweroutlet", "dcim/power-outlets", 1)
                )
            ],
            "dcim/cables": [self.face(1), self.face(2)],
            "circuits/providers": [self.face(1, name="Carrier", slug="moved-carrier", asn=65000, custom_fields={})],
            "circuits/circuit-types": [self.face(1, name="Dark", slug="moved-dark")],
            "circuits/circuits": [
                self.face(
                    1,
                    cid="C1",
                    provider=self.nested("circuits/providers", 1, name="x"),
                    status=active,
                    tenant=None,
                    type=self.nested("circuits/circuit-types", 1, name="x"),
                    custom_fields={},
                ),
            ],
            "circuits/circuit-terminations": [
                self.face(
                    1,
                    circuit=self.nested("circuits/circuits", 1, cid="C1"),
                    term_side="A",
                    site=self.site(),
                    port_speed=1000,
                    upstream_speed=None,
                    xconnect_id="",
                    pp_info="",
                    **self.peer("dcim.interface", "dcim/interfaces", 13),
                ),
            ],
            "ipam/vlan-groups": [self.face(1, name="Moved", slug="moved-group", **scope)],
            "ipam/vlans": [
                self.face(
                    1,
                    vid=5,
                    name="five",
                    site=self.site(),
                    status=active,
                    tenant=None,
                    role=None,
                    custom_fields={},
                    group=self.nested("ipam/vlan-groups", 1, name="x"),
                    description="",
                ),
            ],
            "ipam/ip-addresses": [self._address(6, "10.77.0.1/24", "dcim.interface", 10)],
            "ipam/services": [
                self.face(
                    1,
                    device=self.device(1),
                    virtual_machine=None,
                    name="ssh",
                    ipaddresses=[],
                    protocol=self.choice(6, "tcp", "TCP"),
                    **({"ports": [22]} if self.since(10) else {"port": 22}),
                ),
            ],
            "secrets/secret-roles": [self.face(1, name="Root", slug="moved-root", users=[], groups=[])],
            "secrets/secrets": [
                self.face(
                    1,
                    role=self.nested("secrets/secret-roles", 1, name="x"),
                    name="root",
                    plaintext="hidden",
                    hash="x",
                    **(owner if self.since(10) else {"device": self.device(1)}),
                ),
            ],
            "extras/image-attachments": [
                self.face(
                    1,
                    content_type="dcim.site",
                    object_id=5,
                    name="Front",
                    parent=self.site(),
                    image=f"http://elsewhere.example{PICTURE}",
                    image_height=2,
                    image_width=3,
                ),
            ],
            "extras/object-changes": [self.face(1)],
        }


def netbox(version: str) -> NetBox:
    """A NetBox of that release, which has the sample."""
    file = BytesIO()
    Image.new("RGB", (3, 2), "red").save(file, "PNG")
    return NetBox(version, Sample(version).lists(), {PICTURE: file.getvalue()})
