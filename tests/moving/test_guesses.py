"""What a source does not tell is guessed from what it shows."""

import pytest

from moving.remote.connections import connections
from moving.remote.custom_fields import Definitions
from moving.remote.device_types import Uses
from moving.remote.users import users_of
from moving.state import State


def guessed(*values: object) -> tuple[int, list[str]]:
    seen = Definitions()
    for value in values:
        seen.see("dcim.site", {"field": value})
    (row,) = seen.rows()
    return row.body["type"], [choice["value"] for choice in row.body["choices"]]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((None, "", "text"), 100),
        ((1, -5), 200),
        ((True, False), 300),
        (("2020-01-31", None), 400),
        (("https://example.com/", "http://x"), 500),
        ((None,), 100),
        (("2020-01-31", "soon"), 100),
        ((1, True), 100),
        (("https://example.com/ and more",), 100),
    ],
)
def test_the_type_of_a_field_is_that_of_all_its_values(values, kind):
    assert guessed(*values) == (kind, [])


def test_a_selection_has_the_choices_that_are_chosen():
    assert guessed({"value": 2, "label": "red"}, None, {"value": 1, "label": "blue"}) == (600, ["blue", "red"])


def test_a_field_is_of_every_type_that_shows_it():
    seen = Definitions()
    seen.see("ipam.vlan", {"field": 1})
    seen.see("dcim.site", {"field": None})
    assert [row.body["obj_type"] for row in seen.rows()] == [["dcim.site", "ipam.vlan"]]


def interface(pk: int, peer: int | None, kind: str = "dcim.interface", **more) -> dict:
    return {"id": pk, "connected_endpoint_type": peer and kind, "connected_endpoint": peer and {"id": peer}, **more}


def test_two_interfaces_that_lead_to_each_other_are_one_connection():
    faces = [
        interface(1, 4, connection_status={"value": False, "label": "Planned"}),
        interface(2, None),
        interface(3, 9, "circuits.circuittermination"),
        interface(4, 1),
        interface(5, 6, connected_endpoint_reachable=True),
        interface(6, 5),
    ]
    assert [row.body for row in connections(faces)] == [
        {"interface_a": 1, "interface_b": 4, "connection_status": False},
        {"interface_a": 5, "interface_b": 6, "connection_status": True},
    ]


def test_a_device_type_is_what_its_templates_and_devices_need():
    state = State(":memory:")
    state.fetch("dcim/devices", [{"id": 1, "device_type": {"id": 11}}, {"id": 2, "device_type": {"id": 12}}])
    state.fetch("dcim/power-outlets", [{"id": 1, "device": {"id": 2}}])
    state.fetch("dcim/interface-templates", [{"id": 1, "device_type": {"id": 11}}])
    uses = Uses(state)
    told = [uses.complete({"id": pk}) for pk in (11, 12)]
    assert told == [
        {"id": 11, "is_console_server": False, "is_pdu": False, "is_network_device": True},
        {"id": 12, "is_console_server": False, "is_pdu": True, "is_network_device": False},
    ]
    assert uses.complete({"id": 12, "is_pdu": False})["is_pdu"] is False


def test_users_are_those_whom_reservations_name():
    state = State(":memory:")
    state.fetch("dcim/rack-reservations", [{"id": n, "user": {"id": 3, "username": "ann"}} for n in (1, 2)])
    assert [(row.id, row.body) for row in users_of(state)] == [(3, {"username": "ann", "is_active": False})]
