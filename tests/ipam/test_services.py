"""Services: on a device, and on addresses of that device."""

import pytest


@pytest.fixture(scope="module")
def interface(make_interface):
    return make_interface()


def service(device, **more):
    return {"device": device, "name": "http", "port": 80, "protocol": 6, **more}


def address(api, vrf, text, interface=None):
    return api.make("ipam/ip-addresses/", address=text, vrf=vrf["id"], interface=interface and interface["id"])["id"]


def test_a_service_needs_a_device_or_a_machine(api):
    for body in ({"name": "http", "port": 80, "protocol": 6}, service(None)):
        status, reply = api.post("ipam/services/", body)
        assert (status, list(reply)) == (400, ["non_field_errors"])


def test_its_addresses_are_on_the_device_and_in_order(api, vrf, interface):
    own = [address(api, vrf, text, interface) for text in ("10.0.0.10", "10.0.0.9", "2001:db8::1", "9.0.0.1")]
    made = api.make("ipam/services/", **service(interface["device"], ipaddresses=own))
    _, read = api.get(f"ipam/services/{made['id']}/")
    assert [each["address"] for each in read["ipaddresses"]] == [
        "9.0.0.1/32",
        "10.0.0.9/32",
        "10.0.0.10/32",
        "2001:db8::1/128",
    ]
    assert read["virtual_machine"] is None


def test_an_address_elsewhere_is_refused(api, vrf, interface, make_interface):
    elsewhere = address(api, vrf, "10.0.0.1", make_interface())
    nowhere = address(api, vrf, "10.0.0.2")
    made = api.make("ipam/services/", **service(interface["device"]))
    for pk in (elsewhere, nowhere):
        status, reply = api.post("ipam/services/", service(interface["device"], ipaddresses=[pk]))
        assert (status, list(reply)) == (400, ["ipaddresses"])
        assert api.patch(f"ipam/services/{made['id']}/", {"ipaddresses": [pk]})[0] == 400
    assert api.get(f"ipam/services/{made['id']}/")[1]["ipaddresses"] == []


def test_a_service_does_not_move_away_from_its_addresses(api, vrf, interface, make_interface):
    own = address(api, vrf, "10.0.0.1", interface)
    made = api.make("ipam/services/", **service(interface["device"], ipaddresses=[own]))
    status, reply = api.patch(f"ipam/services/{made['id']}/", {"device": make_interface()["device"]})
    assert (status, list(reply)) == (400, ["ipaddresses"])


def test_a_service_goes_with_its_device(api, make_interface):
    interface = make_interface()
    made = api.make("ipam/services/", **service(interface["device"]))
    assert api.delete(f"dcim/devices/{interface['device']}/")[0] == 204
    assert api.get(f"ipam/services/{made['id']}/")[0] == 404
