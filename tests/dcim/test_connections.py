"""Connections: one per port whoever comes first, how both ends show it, and what it keeps from changing."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client import Client
from tests.dcim.equipment import LAG, VIRTUAL, WIRELESS

ATTEMPTS = 6


def at_once(stack, attempts):
    """The replies to requests (method, path, body) that are all sent at the same moment."""

    def send(attempt):
        return Client(stack.base_url, stack.token).call(*attempt)

    with ThreadPoolExecutor(len(attempts)) as pool:
        return list(pool.map(send, attempts))


def connect(a, b) -> dict:
    return {"interface_a": a["id"], "interface_b": b["id"]}


def test_both_ends_show_the_connection(api, equipment):
    a, b = equipment.make_interface(), equipment.make_interface()
    made = equipment.connect(a, b)
    for here, there in ((a, b), (b, a)):
        _, shown = api.get(f"dcim/interfaces/{here['id']}/")
        assert shown["is_connected"] is True
        assert shown["interface_connection"]["status"] is True
        peer = shown["interface_connection"]["interface"]
        assert (peer["id"], peer["device"]["id"], peer["url"]) == (there["id"], there["device"], there["url"])
    api.delete(f"dcim/interface-connections/{made['id']}/")
    _, shown = api.get(f"dcim/interfaces/{a['id']}/")
    assert (shown["is_connected"], shown["interface_connection"]) == (False, None)


def test_an_interface_is_in_one_connection_whichever_its_side(api, equipment):
    a, b, c = (equipment.make_interface() for _ in "abc")
    equipment.connect(a, b)
    for body, field in (
        (connect(a, c), "interface_a"),
        (connect(c, a), "interface_b"),
        (connect(b, c), "interface_a"),
        (connect(c, b), "interface_b"),
    ):
        status, reply = api.post("dcim/interface-connections/", body)
        assert (status, list(reply)) == (400, [field])
    assert api.get(f"dcim/interfaces/{c['id']}/")[1]["is_connected"] is False


def test_a_bulk_cannot_use_an_interface_twice(api, equipment):
    a, b, c = (equipment.make_interface() for _ in "abc")
    status, reply = api.post("dcim/interface-connections/", [connect(a, b), connect(b, c)])
    assert (status, reply) == (400, [{}, {"interface_a": reply[1]["interface_a"]}])
    assert api.get(f"dcim/interfaces/{a['id']}/")[1]["is_connected"] is False


def test_a_connection_can_be_turned_round(api, equipment):
    a, b = equipment.make_interface(), equipment.make_interface()
    made = equipment.connect(a, b)
    assert api.patch(f"dcim/interface-connections/{made['id']}/", connect(b, a))[0] == 200


def test_an_interface_is_not_connected_to_itself(api, equipment):
    a = equipment.make_interface()
    assert api.post("dcim/interface-connections/", connect(a, a))[0] == 400


@pytest.mark.parametrize("form_factor", [VIRTUAL, LAG, WIRELESS])
def test_no_cable_fits_what_is_no_port(api, equipment, form_factor):
    port, other = equipment.make_interface(), equipment.make_interface(form_factor=form_factor)
    assert api.post("dcim/interface-connections/", connect(port, other))[0] == 400
    equipment.connect(port, equipment.make_interface())
    assert api.patch(f"dcim/interfaces/{port['id']}/", {"form_factor": form_factor})[0] == 400


def test_of_clients_that_connect_one_interface_at_once_one_wins(api, equipment, stack):
    hub = equipment.make_interface()
    others = [equipment.make_interface() for _ in range(ATTEMPTS)]
    bodies = [connect(hub, each) if number % 2 else connect(each, hub) for number, each in enumerate(others)]
    replies = at_once(stack, [("POST", "dcim/interface-connections/", body) for body in bodies])
    assert sorted(status for status, _ in replies) == [201] + [400] * (ATTEMPTS - 1)
    connected = [each for each in others if api.get(f"dcim/interfaces/{each['id']}/")[1]["is_connected"]]
    assert len(connected) == 1


@pytest.mark.parametrize(
    ("flag", "far_path", "near_path", "field", "back"),
    [
        ("is_console_server", "console-server-ports", "console-ports", "cs_port", "connected_console"),
        ("is_pdu", "power-outlets", "power-ports", "power_outlet", "connected_port"),
    ],
)
class TestPorts:
    def make(self, api, equipment, flag, far_path):
        device = equipment.make_device(equipment.make_type(**{flag: True}))
        return device, api.make(f"dcim/{far_path}/", device=device["id"], name="far")

    def test_both_ends_show_the_connection(self, api, equipment, flag, far_path, near_path, field, back):
        device, far = self.make(api, equipment, flag, far_path)
        near = api.make(f"dcim/{near_path}/", device=equipment.make_device()["id"], name="near", **{field: far["id"]})
        _, shown = api.get(f"dcim/{near_path}/{near['id']}/")
        assert (shown[field]["device"]["name"], shown[field][back]) == (device["name"], near["id"])
        assert shown["connection_status"] is True
        assert api.get(f"dcim/{far_path}/{far['id']}/")[1][back] == near["id"]

    def test_the_list_of_connections_finds_either_end(self, api, equipment, flag, far_path, near_path, field, back):
        device, far = self.make(api, equipment, flag, far_path)
        elsewhere = equipment.make_site()
        near_device = equipment.make_device(site=elsewhere["id"])
        near = api.make(f"dcim/{near_path}/", device=near_device["id"], name="near", **{field: far["id"]})
        path = f"dcim/{near_path.replace('ports', 'connections')}/"
        for name in (device["name"], near_device["name"].upper()):
            assert near["id"] in [each["id"] for each in api.results(path, device=name)]
        assert near["id"] in [each["id"] for each in api.results(path, site=equipment.site["slug"])]
        assert api.results(path, site=elsewhere["slug"]) == []
        assert api.post(path, {})[0] == 405

    def test_a_far_port_that_goes_is_let_go_of(self, api, equipment, flag, far_path, near_path, field, back):
        _, far = self.make(api, equipment, flag, far_path)
        near = api.make(f"dcim/{near_path}/", device=equipment.make_device()["id"], name="near", **{field: far["id"]})
        assert api.delete(f"dcim/{far_path}/{far['id']}/")[0] == 204
        assert api.get(f"dcim/{near_path}/{near['id']}/")[1][field] is None

    def test_one_of_many_at_once_wins(self, api, equipment, stack, flag, far_path, near_path, field, back):
        _, far = self.make(api, equipment, flag, far_path)
        device = equipment.make_device()
        names = [{"device": device["id"], "name": f"near {number}"} for number in range(ATTEMPTS)]
        _, nears = api.post(f"dcim/{near_path}/", names)
        attempts = [("PATCH", f"dcim/{near_path}/{near['id']}/", {field: far["id"]}) for near in nears]
        replies = at_once(stack, attempts)
        assert sorted(status for status, _ in replies) == [200] + [400] * (ATTEMPTS - 1)
        assert {tuple(reply) for status, reply in replies if status == 400} == {(field,)}

    def test_only_a_type_with_the_flag_has_such_ports(self, api, equipment, flag, far_path, near_path, field, back):
        device = equipment.make_device()
        status, reply = api.post(f"dcim/{far_path}/", {"device": device["id"], "name": "far"})
        assert (status, list(reply)) == (400, ["non_field_errors"])

    def test_far_ports_are_listed_by_number(self, api, equipment, flag, far_path, near_path, field, back):
        device, _ = self.make(api, equipment, flag, far_path)
        api.post(f"dcim/{far_path}/", [{"device": device["id"], "name": name} for name in ("p1", "p10", "p2")])
        listed = [each["name"] for each in api.results(f"dcim/{far_path}/", device_id=device["id"])]
        assert listed == ["far", "p1", "p2", "p10"]
        api.post(f"dcim/{near_path}/", [{"device": device["id"], "name": name} for name in ("p1", "p10", "p2")])
        listed = [each["name"] for each in api.results(f"dcim/{near_path}/", device_id=device["id"])]
        assert listed == ["p1", "p10", "p2"]


def test_a_device_finds_out_what_it_is_plugged_into(api, equipment):
    here, there = equipment.make_device(), equipment.make_device()
    interface = equipment.make_interface(here)
    asked = {"peer-device": here["name"], "peer-interface": interface["name"]}
    reply = api.request("GET", "dcim/connected-device/", params=asked)
    assert (reply.status_code, reply.content) == (200, b"")
    equipment.connect(interface, equipment.make_interface(there))
    assert api.get("dcim/connected-device/", **asked)[1]["id"] == there["id"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 400),
        ({"peer-device": "a"}, 400),
        ({"peer-device": "a", "peer-interface": " "}, 400),
        ({"peer-device": "a", "peer-interface": "b"}, 404),
        ({"peer-device": "\x00", "peer-interface": "\x00"}, 404),
    ],
)
def test_a_device_that_asks_wrongly_is_told(api, asked, status):
    found, reply = api.get("dcim/connected-device/", **asked)
    assert (found, list(reply)) == (status, ["detail"])
