"""References that go with what another service says of their object, for as long as it says so."""

import pytest

from tests.client import Client
from tests.dcim.equipment import Equipment
from tests.running import Stack


@pytest.fixture
def equipment(api: Client) -> Equipment:
    return Equipment(api)


def address_on(api: Client, interface: dict, number: int, **more) -> dict:
    return api.make("ipam/ip-addresses/", address=f"10.77.{number}.1/24", interface=interface["id"], **more)


def device(api: Client, made: dict) -> dict:
    status, face = api.get(f"dcim/devices/{made['id']}/")
    assert status == 200
    return face


def findings(stack: Stack) -> list[str]:
    return [line for line in stack.run("audit").stdout.splitlines() if "misplaced" in line]


def test_a_primary_address_that_moves_away_is_let_go_and_free_for_the_other_device(api, equipment, stack):
    first, second = equipment.make_device(), equipment.make_device()
    here, there = equipment.make_interface(first), equipment.make_interface(second)
    address = address_on(api, here, 1)
    assert api.patch(f"dcim/devices/{first['id']}/", {"primary_ip4": address["id"]})[0] == 200
    assert api.patch(f"ipam/ip-addresses/{address['id']}/", {"interface": there["id"]})[0] == 200
    assert device(api, first)["primary_ip4"] is None
    assert api.patch(f"dcim/devices/{first['id']}/", {"comments": "saved"})[0] == 200
    assert api.patch(f"dcim/devices/{second['id']}/", {"primary_ip4": address["id"]})[0] == 200
    assert api.patch(f"ipam/ip-addresses/{address['id']}/", {"description": "moved nowhere"})[0] == 200
    assert device(api, second)["primary_ip4"]["id"] == address["id"]
    assert findings(stack) == []


def test_a_primary_address_goes_with_its_interface(api, equipment):
    first, second = equipment.make_device(), equipment.make_device()
    interface = equipment.make_interface(first)
    address = address_on(api, interface, 2)
    assert api.patch(f"dcim/devices/{first['id']}/", {"primary_ip4": address["id"]})[0] == 200
    assert api.patch(f"dcim/interfaces/{interface['id']}/", {"device": second["id"]})[0] == 200
    assert device(api, first)["primary_ip4"] is None


def test_a_primary_address_inside_of_another_is_let_go_when_it_is_no_more(api, equipment):
    made = equipment.make_device()
    inside = address_on(api, equipment.make_interface(made), 3)
    outside = api.make("ipam/ip-addresses/", address="192.0.2.3/24", nat_inside=inside["id"])
    assert api.patch(f"dcim/devices/{made['id']}/", {"primary_ip4": outside["id"]})[0] == 200
    assert device(api, made)["primary_ip4"]["id"] == outside["id"]
    assert api.patch(f"ipam/ip-addresses/{inside['id']}/", {"interface": None})[0] == 200
    assert device(api, made)["primary_ip4"] is None


def test_a_chassis_that_is_dissolved_takes_the_addresses_of_its_members_from_its_master(api, equipment):
    master, member = equipment.make_device(), equipment.make_device()
    chassis = api.make("dcim/virtual-chassis/", master=master["id"])
    joining = {"virtual_chassis": chassis["id"], "vc_position": 2}
    assert api.patch(f"dcim/devices/{member['id']}/", joining)[0] == 200
    address = address_on(api, equipment.make_interface(member), 4)
    assert api.patch(f"dcim/devices/{master['id']}/", {"primary_ip4": address["id"]})[0] == 200
    assert device(api, master)["primary_ip4"]["id"] == address["id"]
    assert api.delete(f"dcim/virtual-chassis/{chassis['id']}/")[0] == 204
    assert device(api, master)["primary_ip4"] is None


def test_a_service_keeps_only_addresses_of_its_device(api, equipment):
    first, second = equipment.make_device(), equipment.make_device()
    interfaces = [equipment.make_interface(first) for _ in range(3)]
    addresses = [address_on(api, interface, 5 + place) for place, interface in enumerate(interfaces)]
    ids = [each["id"] for each in addresses]
    made = api.make("ipam/services/", name="ssh", port=22, protocol=6, device=first["id"], ipaddresses=ids)
    there = equipment.make_interface(second)
    assert api.patch(f"ipam/ip-addresses/{ids[0]}/", {"interface": there["id"]})[0] == 200
    assert api.patch(f"dcim/interfaces/{interfaces[1]['id']}/", {"device": second["id"]})[0] == 200
    kept = api.get(f"ipam/services/{made['id']}/")[1]["ipaddresses"]
    assert [each["id"] for each in kept] == ids[2:]
    assert api.patch(f"ipam/services/{made['id']}/", {"ipaddresses": ids[2:], "description": "saved"})[0] == 200


def test_a_vlan_that_moves_to_another_site_blocks_no_interface_and_is_found(api, equipment, stack):
    made = equipment.make_device()
    vlan = api.make("ipam/vlans/", vid=77, name="moving", site=equipment.site["id"])
    interface = equipment.make_interface(made, mode=100, untagged_vlan=vlan["id"])
    assert api.patch(f"ipam/vlans/{vlan['id']}/", {"site": equipment.make_site()["id"]})[0] == 200
    assert api.patch(f"dcim/interfaces/{interface['id']}/", {"description": "saved"})[0] == 200
    assert [line.split(" refers")[0] for line in findings(stack)] == [
        f"dcim: misplaced: dcim.interface {interface['id']}"
    ]
    other = api.make("ipam/vlans/", vid=78, name="elsewhere", site=equipment.make_site()["id"])
    status, reply = api.patch(f"dcim/interfaces/{interface['id']}/", {"untagged_vlan": other["id"]})
    assert (status, list(reply)) == (400, ["untagged_vlan"])
    assert api.patch(f"dcim/interfaces/{interface['id']}/", {"untagged_vlan": None})[0] == 200
    assert findings(stack) == []
