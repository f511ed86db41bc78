"""Interfaces of machines: one table and one space of ids with those of devices, and endpoints of their own."""

import pytest

from tests.client import Client
from tests.running import eventually

PATH = "virtualization/interfaces/"
SHOWN = {
    *("id", "url", "name", "virtual_machine", "enabled", "mac_address", "mtu", "mode", "untagged_vlan"),
    *("tagged_vlans", "description"),
}


def test_each_endpoint_shows_its_own_side_of_one_row(api, machines):
    made = machines.make_interface(mac_address="02:00:00:00:00:01")
    here, there = api.get(f"{PATH}{made['id']}/")[1], api.get(f"dcim/interfaces/{made['id']}/")[1]
    assert here.keys() == SHOWN | {"tags"} and made.keys() == SHOWN | {"form_factor"}
    assert here["url"] == there["url"] == made["url"] == f"{api.base_url}/api/{PATH}{made['id']}/"
    assert (there["device"], there["form_factor"]["value"], "virtual_machine" in there) == (None, 0, False)
    assert here["mac_address"] == there["mac_address"] == "02:00:00:00:00:01"


def test_ids_are_given_once_to_interfaces_of_both_kinds(api, machines, equipment):
    made = [machines.make_interface(), equipment.make_interface(), machines.make_interface()]
    assert len({each["id"] for each in made}) == 3
    assert api.get(f"{PATH}{made[1]['id']}/")[0] == 404
    for verb, body in (("PUT", {"name": "x"}), ("PATCH", {}), ("DELETE", None)):
        assert api.call(verb, f"{PATH}{made[1]['id']}/", body)[0] == 404
    listed = {each["id"] for each in api.results("dcim/interfaces/", id=[each["id"] for each in made])}
    assert listed == {each["id"] for each in made}


def test_pages_have_each_interface_once_where_devices_have_no_name(api, machines, equipment):
    """Both come last, among each other by their own names."""
    unnamed = equipment.make_device(name=None)
    made = [equipment.make_interface(unnamed, name=name) for name in ("aa", "zz")]
    made += [machines.make_interface(name="mm"), equipment.make_interface()]
    ids = {each["id"] for each in made}
    pages = [api.results("dcim/interfaces/", limit=2, offset=offset, id=sorted(ids)) for offset in (0, 2)]
    assert [each["name"] for page in pages for each in page] == [made[3]["name"], "aa", "mm", "zz"]
    count = api.get("dcim/interfaces/")[1]["count"]
    listed = [api.results("dcim/interfaces/", limit=3, offset=offset) for offset in range(0, count, 3)]
    assert len({each["id"] for page in listed for each in page}) == count


def test_a_machine_has_one_interface_of_a_name(api, machines):
    port = machines.make_interface(name="eth0")
    twice = {"virtual_machine": port["virtual_machine"], "name": "eth0"}
    assert api.post(PATH, twice)[0] == 400
    status, reply = api.post(PATH, [twice | {"name": "eth1"}, twice | {"name": "eth1"}])
    assert (status, reply[0], list(reply[1])) == (400, {}, ["non_field_errors"])
    assert machines.make_interface(name="eth0")["name"] == "eth0"


def test_vlans_are_global_or_of_the_site_of_the_cluster(api, machines, equipment):
    elsewhere = equipment.make_site()
    vlans = [
        api.make("ipam/vlans/", vid=vid, name=f"machines {vid}", site=site and site["id"])["id"]
        for vid, site in ((71, equipment.site), (72, elsewhere), (73, None))
    ]
    port = machines.make_interface(machines.make_machine(machines.make_cluster(site=equipment.site["id"])), mode=200)
    for address in (f"{PATH}{port['id']}/", f"dcim/interfaces/{port['id']}/"):
        assert api.patch(address, {"tagged_vlans": [vlans[0], vlans[2]], "untagged_vlan": vlans[0]})[0] == 200
        status, reply = api.patch(address, {"tagged_vlans": vlans})
        assert (status, list(reply)) == (400, ["tagged_vlans"])
        status, reply = api.patch(address, {"untagged_vlan": vlans[1]})
        assert (status, list(reply)) == (400, ["non_field_errors"])
    siteless = machines.make_interface(mode=200)
    assert api.patch(f"{PATH}{siteless['id']}/", {"tagged_vlans": [vlans[0]]})[0] == 400
    assert api.patch(f"{PATH}{siteless['id']}/", {"tagged_vlans": [vlans[2]]})[0] == 200


def test_nothing_is_plugged_into_one(api, machines, equipment):
    port, copper = machines.make_interface(), equipment.make_interface()
    ends = {"interface_a": port["id"], "interface_b": copper["id"]}
    assert api.post("dcim/interface-connections/", ends)[0] == 400
    lag = equipment.make_interface(form_factor=200)
    assert api.patch(f"dcim/interfaces/{port['id']}/", {"lag": lag["id"]})[0] == 400
    provider = api.make("circuits/providers/", name="Of machines", slug="of-machines")
    kind = api.make("circuits/circuit-types/", name="Of machines", slug="of-machines")
    circuit = api.make("circuits/circuits/", cid="of machines", provider=provider["id"], type=kind["id"])
    end = {"circuit": circuit["id"], "term_side": "A", "site": equipment.site["id"], "port_speed": 1}
    status, reply = api.post("circuits/circuit-terminations/", end | {"interface": port["id"]})
    assert (status, list(reply)) == (400, ["interface"])


@pytest.mark.parametrize(("permission", "status"), [("dcim.add_interface", 201), ("virtualization.add_cluster", 403)])
def test_interfaces_need_the_permission_of_interfaces(api, permission, status):
    user = api.make("users/users/", username=f"by {permission}", password="x", permissions=[permission])
    token = api.make("users/tokens/", user=user["id"])
    assert Client(api.base_url, token["key"]).post(PATH, [])[0] == status


def test_the_document_tells_the_two_endpoints_apart(api):
    paths = api.get("schema/")[1]["paths"]
    schemas = api.get("schema/")[1]["components"]["schemas"]
    assert f"/api/{PATH}" in paths and f"/api/{PATH}{{pk}}/" in paths
    assert "virtual_machine" in schemas["VirtualizationInterfaceWrite"]["properties"]
    assert "virtual_machine" not in schemas["DcimInterfaceWrite"]["properties"]


def test_a_write_is_recorded_with_an_address_that_works(api, machines):
    made = machines.make_interface(name="recorded-eth")

    def entries() -> list:
        found = api.results("extras/recent-activity/", content_type="dcim.interface", limit=0)
        return [each for each in found if "recorded-eth" in each["message"]]

    eventually(entries, "the write is there")
    assert f"/api/{PATH}{made['id']}/" in entries()[0]["message"]
