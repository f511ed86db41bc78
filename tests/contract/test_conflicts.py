"""A conflict names the other side: what has the value, the unit, the interface or the space already."""

import pytest

from tests.factories import Factory


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


def refused(api, path: str, **body) -> str:
    """The one message of a refused POST."""
    status, reply = api.post(path, body)
    ((message,),) = reply.values()
    assert status == 400
    return message


def test_a_value_that_is_taken_names_who_has_it(api, factory):
    body = factory.body("dcim.device", name="taken-1", asset_tag="T-1")
    device = api.make("dcim/devices/", **body)
    owner = f"It is taken by device {device['id']} (taken-1)."
    assert refused(api, "dcim/devices/", **body | {"name": "taken-2"}).endswith(owner)
    interface = {"device": device["id"], "name": "eth0"}
    made = api.make("dcim/interfaces/", **interface)
    message = refused(api, "dcim/interfaces/", **interface)
    assert message == f"The fields device, name must make a unique set. It is taken by interface {made['id']} (eth0)."
    errors = api.post("dcim/interfaces/", [interface | {"name": "eth1"}, interface | {"name": "eth1"}])[1]
    assert errors[1]["non_field_errors"][0].endswith(" Another object of this request has it.")


def test_a_cable_names_the_connection_that_is_there(api, factory):
    here, there, other = (factory.make("dcim.interface")["id"] for _ in range(3))
    made = api.make("dcim/interface-connections/", interface_a=here, interface_b=there)
    message = refused(api, "dcim/interface-connections/", interface_a=here, interface_b=other)
    assert message.endswith(f" It is taken by interface connection {made['id']}.")
    message = refused(api, "dcim/interface-connections/", interface_a=other, interface_b=here)
    assert message == f"The interface is connected already, by interface connection {made['id']}."


def test_a_rack_unit_names_the_device_that_stands_there(api, factory):
    site = factory.make("dcim.site")["id"]
    rack = factory.make("dcim.rack", site=site, u_height=10)["id"]
    place = {"site": site, "rack": rack, "position": 3, "face": 0}
    device = api.make("dcim/devices/", **factory.body("dcim.device", name="stands", **place))
    body = factory.body("dcim.device", device_type=device["device_type"], **place)
    assert refused(api, "dcim/devices/", **body).endswith(f": device {device['id']} (stands) stands there.")
    assert refused(api, "dcim/devices/", **body | {"position": 11}).endswith(": it has 10 units.")


def test_a_unit_that_is_reserved_names_the_reservation(api, factory):
    rack = factory.make("dcim.rack")["id"]
    made = factory.make("dcim.rackreservation", rack=rack, units=[1, 2])
    message = refused(api, "dcim/rack-reservations/", rack=rack, units=[2, 3], user=1, description="x")
    assert message == f"Other reservations hold the units 2: rack reservation {made['id']}."


def test_space_that_is_taken_names_what_is_there(api, factory):
    rir = factory.make("ipam.rir")["id"]
    aggregate = api.make("ipam/aggregates/", prefix="104.0.0.0/10", rir=rir)
    message = refused(api, "ipam/aggregates/", prefix="104.0.0.0/12", rir=rir)
    assert message.endswith(f": aggregate {aggregate['id']} (104.0.0.0/10).")
    vrf = api.make("ipam/vrfs/", name="Conflict", rd="65000:77", enforce_unique=True)["id"]
    address = api.make("ipam/ip-addresses/", address="192.0.2.1/24", vrf=vrf)["id"]
    message = refused(api, "ipam/ip-addresses/", address="192.0.2.1/25", vrf=vrf)
    assert message == f"192.0.2.1/25 is in the VRF Conflict already: IP address {address} (192.0.2.1/24)."
    prefix = api.make("ipam/prefixes/", prefix="192.0.2.0/24", vrf=vrf)["id"]
    message = refused(api, "ipam/prefixes/", prefix="192.0.2.0/24", vrf=vrf)
    assert message == f"192.0.2.0/24 is in the VRF Conflict already: prefix {prefix} (192.0.2.0/24)."
