"""What later releases show, read as what it is in v2.3."""

import pytest

from moving.remote.choices import NOT_HERE, value_of
from moving.remote.faces import rows_of
from moving.report import MoveReport
from tests.moving.documents import catalogue

SITE = {"id": 5, "url": "http://x/api/dcim/sites/5/", "name": "AMS", "slug": "ams"}
DEVICE = {"id": 7, "url": "http://x/api/dcim/devices/7/", "name": "sw1", "display_name": "sw1"}


def read(path: str, **face) -> dict:
    """The body of the one row that an object is read as."""
    (row,) = rows_of(catalogue().kinds[path], {"id": 1, **face}, MoveReport())
    return row.body


def without_place(path: str, **face) -> dict[str, int]:
    report = MoveReport()
    rows_of(catalogue().kinds[path], {"id": 1, **face}, report)
    return dict(report.without_place)


@pytest.mark.parametrize(
    "status",
    [
        {"value": 2, "label": "Planned"},  # up to v2.6
        {"value": "planned", "label": "Planned", "id": 2},  # v2.7
        {"value": "planned", "label": "Planned"},  # v2.8 and later
        2,
        "planned",
    ],
)
def test_choices_of_every_release_are_the_same(status):
    assert read("dcim/devices", status=status) == {"status": 2}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"value": "10gbase-x-sfpp", "label": "SFP+ (10GE)"}, 1200),
        ({"value": "1000base-x-sfp", "label": "SFP (1GE)"}, 1100),
        ({"value": "virtual", "label": "Virtual", "id": 0}, 0),
        ({"value": "lag", "label": "Link Aggregation Group (LAG)"}, 200),
        ({"value": 1000, "label": "1000BASE-T (1GE)"}, 1000),
        ({"value": "2.5gbase-t", "label": "2.5GBASE-T (2.5GE)"}, NOT_HERE),
    ],
)
def test_types_of_interfaces_are_form_factors(given, expected):
    assert value_of(catalogue().kinds["dcim/interfaces"].choices("form_factor"), given) == expected


def test_an_interface_that_is_none_of_those_is_another():
    unknown = {"value": "2.5gbase-t", "label": "2.5GBASE-T (2.5GE)"}
    assert read("dcim/interfaces", type={"value": "lag", "label": "x", "id": 200}) == {"form_factor": 200}
    assert read("dcim/interfaces", type=unknown) == {"form_factor": 32767}
    told = {"dcim/interfaces: form_factor 2.5GBASE-T (2.5GE)": 1}
    assert without_place("dcim/interfaces", type=unknown) == told
    assert without_place("dcim/console-ports", type={"value": "rj-45", "label": "RJ-45"}) == {
        "dcim/console-ports: type": 1
    }


def test_true_is_not_one():
    choices = [{"value": 1, "label": "One"}, {"value": 2, "label": "Two"}]
    assert value_of(choices, True) is NOT_HERE
    assert value_of([{"value": True, "label": "Yes"}], 1) is NOT_HERE


def test_nested_objects_are_ids():
    body = read("dcim/devices", site=SITE, tenant=None, name=None, virtual_chassis={"id": 3, "master": DEVICE})
    assert body == {"site": 5, "tenant": None, "name": None, "virtual_chassis": 3}
    assert read("dcim/interfaces", tagged_vlans=[{"id": 9}, {"id": 4}]) == {"tagged_vlans": [4, 9]}
    assert read("dcim/interfaces", device=7, tagged_vlans=[4]) == {"device": 7, "tagged_vlans": [4]}


@pytest.mark.parametrize(
    ("path", "face", "body"),
    [
        ("dcim/racks", {"location": {"id": 8, "name": "Hall"}}, {"group": 8}),
        ("dcim/racks", {"group": {"id": 8}, "type": {"value": "4-post-cabinet"}}, {"group": 8, "type": 300}),
        ("ipam/ip-addresses", {"interface": {"id": 4, "device": DEVICE}}, {"interface": 4}),
        (
            "ipam/ip-addresses",
            {"assigned_object_type": "dcim.interface", "assigned_object_id": 4, "assigned_object": {"id": 4}},
            {"interface": 4},
        ),
        (
            "ipam/ip-addresses",
            {"assigned_object_type": "virtualization.vminterface", "assigned_object_id": 4, "assigned_object": {}},
            {"interface": "vm-4"},
        ),
        ("ipam/vlan-groups", {"scope_type": "dcim.site", "scope_id": 5, "scope": SITE}, {"site": 5}),
        ("ipam/vlan-groups", {"scope_type": "dcim.region", "scope_id": 5, "scope": {}}, {"site": None}),
        ("secrets/secrets", {"assigned_object_type": "dcim.device", "assigned_object_id": 7}, {"device": 7}),
        (
            "circuits/circuit-terminations",
            {
                "term_side": "A",
                "port_speed": None,
                "connected_endpoint_type": "dcim.interface",
                "connected_endpoint": {"id": 4, "device": DEVICE},
                "connection_status": {"value": True, "label": "Connected"},
            },
            {"term_side": "A", "port_speed": 0, "interface": 4},
        ),
        (
            "dcim/console-ports",
            {
                "connected_endpoint_type": "dcim.consoleserverport",
                "connected_endpoint": {"id": 4, "device": DEVICE},
                "connection_status": {"value": False, "label": "Not Connected"},
            },
            {"cs_port": 4, "connection_status": False},
        ),
        (
            "dcim/power-ports",
            {
                "connected_endpoint_type": "dcim.poweroutlet",
                "connected_endpoint": {"id": 4},
                "connected_endpoint_reachable": True,
            },
            {"power_outlet": 4, "connection_status": True},
        ),
        ("dcim/power-ports", {"connected_endpoint_type": None, "connected_endpoint": None}, {"power_outlet": None}),
        (
            "extras/custom-fields",
            {
                "content_types": ["dcim.site"],
                "name": "colour",
                "type": {"value": "select", "label": "Selection"},
                "default": None,
                "choices": ["red", "blue"],
                "filter_logic": {"value": "loose", "label": "Loose"},
            },
            {
                "obj_type": ["dcim.site"],
                "name": "colour",
                "type": 600,
                "default": "",
                "choices": [{"value": "red", "weight": 100}, {"value": "blue", "weight": 200}],
                "filter_logic": 1,
            },
        ),
        ("dcim/device-types", {"subdevice_role": {"value": "parent", "label": "Parent"}}, {"subdevice_role": True}),
        ("dcim/device-types", {"subdevice_role": None}, {"subdevice_role": "None"}),
        (
            "dcim/sites",
            {"custom_fields": {"a": {"value": 3, "label": "red"}, "b": "x"}},
            {"custom_fields": {"a": "red", "b": "x"}},
        ),
    ],
)
def test_later_names_are_read_as_those_of_2_3(path, face, body):
    got = read(path, **face)
    assert {name: got[name] for name in body} == body


def test_a_service_on_several_ports_is_several():
    kind = catalogue().kinds["ipam/services"]
    face = {"id": 2, "name": "web", "ports": [80, 443], "protocol": {"value": "tcp", "label": "TCP"}, "device": DEVICE}
    rows = rows_of(kind, face, MoveReport())
    assert [(row.id, row.body["port"], row.body["protocol"]) for row in rows] == [(2, 80, 6), ("2-443", 443, 6)]


def test_what_has_no_place_is_counted_by_kind():
    face = {"tags": ["a"], "latitude": 1.5, "longitude": None, "device_count": 3, "display": "AMS", "name": "AMS"}
    assert without_place("dcim/sites", **face) == {"dcim/sites: tags": 1, "dcim/sites: latitude": 1}
    assert without_place("dcim/sites", status={"value": "staging", "label": "Staging"}) == {
        "dcim/sites: status Staging": 1
    }
