"""Interfaces: addresses in any notation, LAGs, VLANs, and the order that depends on who is asked for."""

import pytest

from tests.dcim.equipment import COPPER, LAG, VIRTUAL, WIRELESS

BY_PLACE, BY_NAME = 1, 2


def patch(api, interface, **changes):
    return api.patch(f"dcim/interfaces/{interface['id']}/", changes)


def read(api, interface):
    return api.get(f"dcim/interfaces/{interface['id']}/")[1]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("00:11:22:aa:bb:cc", "00:11:22:AA:BB:CC"),
        ("0011.22aa.bbcc", "00:11:22:AA:BB:CC"),
        ("00-11-22-AA-BB-CC", "00:11:22:AA:BB:CC"),
        ("001122aabbcc", "00:11:22:AA:BB:CC"),
        (12345, "00:00:00:00:30:39"),
        (None, None),
    ],
)
def test_a_mac_address_is_shown_in_upper_case_with_colons(api, equipment, written, shown):
    interface = equipment.make_interface()
    status, reply = patch(api, interface, mac_address=written)
    assert (status, reply["mac_address"]) == (200, shown)
    assert read(api, interface)["mac_address"] == shown


@pytest.mark.parametrize("wrong", ["", " ", "zz", "00:11:22:33:44:55:66:77", -1, 2**48, True, 1.5, [], {}, "\x00"])
def test_a_wrong_mac_address_is_refused_by_name(api, equipment, wrong):
    interface = equipment.make_interface(mac_address="00:11:22:33:44:55")
    status, reply = patch(api, interface, mac_address=wrong)
    assert status == 400
    assert list(reply) == ["mac_address"]
    assert read(api, interface)["mac_address"] == "00:11:22:33:44:55"


def test_lists_find_a_mac_address_in_any_notation(api, equipment):
    interface = equipment.make_interface(mac_address="de:ad:be:ef:00:01")
    for notation in ("dead.beef.0001", "DE-AD-BE-EF-00-01"):
        assert [each["id"] for each in api.results("dcim/interfaces/", mac_address=notation)] == [interface["id"]]
    assert api.results("dcim/interfaces/", mac_address="nonsense") == []


def test_an_interface_cannot_be_part_of_itself(api, equipment):
    interface = equipment.make_interface()
    status, reply = patch(api, interface, lag=interface["id"])
    assert status == 400
    assert list(reply) == ["lag"]
    assert read(api, interface)["lag"] is None


def test_a_lag_with_members_stays_a_lag(api, equipment):
    device = equipment.make_device()
    lag = equipment.make_interface(device, form_factor=LAG)
    member = equipment.make_interface(device, lag=lag["id"])
    assert read(api, member)["lag"] == {"id": lag["id"], "url": lag["url"], "name": lag["name"]}
    assert patch(api, lag, form_factor=COPPER)[0] == 400
    assert patch(api, member, lag=None)[0] == 200
    assert patch(api, lag, form_factor=COPPER)[0] == 200


def test_a_lag_is_of_the_device_or_of_the_master_of_its_chassis(api, equipment):
    master, member = equipment.make_device(), equipment.make_device()
    lag = equipment.make_interface(master, form_factor=LAG)
    interface = equipment.make_interface(member)
    assert patch(api, interface, lag=lag["id"])[0] == 400
    chassis = api.make("dcim/virtual-chassis/", master=master["id"])
    api.patch(f"dcim/devices/{member['id']}/", {"virtual_chassis": chassis["id"], "vc_position": 2})
    assert patch(api, interface, lag=lag["id"])[0] == 200


@pytest.mark.parametrize("form_factor", [VIRTUAL, LAG, WIRELESS])
def test_what_is_no_port_joins_no_lag(api, equipment, form_factor):
    device = equipment.make_device()
    lag = equipment.make_interface(device, form_factor=LAG)
    assert patch(api, equipment.make_interface(device, form_factor=form_factor), lag=lag["id"])[0] == 400


def test_only_network_devices_have_interfaces(api, equipment):
    device = equipment.make_device(equipment.make_type(is_network_device=False))
    status, reply = api.post("dcim/interfaces/", {"device": device["id"], "name": "eth0"})
    assert (status, list(reply)) == (400, ["non_field_errors"])


@pytest.fixture(scope="module")
def vlans(api, equipment):
    """A VLAN of the site of the equipment, a global one, and one of another site."""
    sites = (equipment.site["id"], None, equipment.make_site()["id"])
    return [api.make("ipam/vlans/", vid=vid, name=f"vlan {vid}", site=site) for vid, site in enumerate(sites, 101)]


def test_a_refused_change_leaves_the_tagged_vlans_alone(api, equipment, vlans):
    own, everywhere, _ = (vlan["id"] for vlan in vlans)
    interface = equipment.make_interface(mode=200, tagged_vlans=[own])
    assert patch(api, interface, tagged_vlans=[own, everywhere], lag=interface["id"])[0] == 400
    assert [vlan["id"] for vlan in read(api, interface)["tagged_vlans"]] == [own]


def test_vlans_are_global_or_of_the_site(api, equipment, vlans):
    own, everywhere, foreign = (vlan["id"] for vlan in vlans)
    interface = equipment.make_interface()
    assert patch(api, interface, mode=200, untagged_vlan=own, tagged_vlans=[everywhere])[0] == 200
    for field, value in (("untagged_vlan", foreign), ("tagged_vlans", [own, foreign])):
        status, reply = patch(api, interface, **{field: value})
        assert (status, list(reply)) == (400, [field])
    shown = read(api, interface)
    assert (shown["untagged_vlan"]["vid"], [vlan["vid"] for vlan in shown["tagged_vlans"]]) == (101, [102])


def test_the_mode_decides_which_vlans_stay(api, equipment, vlans):
    own, everywhere, _ = (vlan["id"] for vlan in vlans)
    interface = equipment.make_interface(mode=200, untagged_vlan=own, tagged_vlans=[everywhere])
    _, access = patch(api, interface, mode=100)
    assert (access["untagged_vlan"], access["tagged_vlans"]) == (own, [])
    _, none = patch(api, interface, mode=None)
    assert (none["untagged_vlan"], read(api, interface)["untagged_vlan"]) == (None, None)


def test_a_deleted_vlan_leaves_its_interfaces(api, equipment):
    gone = api.make("ipam/vlans/", vid=111, name="gone")
    interface = equipment.make_interface(mode=200, untagged_vlan=gone["id"], tagged_vlans=[gone["id"]])
    assert api.delete(f"ipam/vlans/{gone['id']}/")[0] == 204
    shown = read(api, interface)
    assert (shown["untagged_vlan"], shown["tagged_vlans"]) == (None, [])


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        (BY_PLACE, ["ge-0/0/1", "xe-0/0/2", "xe-0/0/10", "ge-1/0/0", "Vlan2", "Vlan100", "lo0"]),
        (BY_NAME, ["Vlan2", "Vlan100", "ge-0/0/1", "ge-1/0/0", "lo0", "xe-0/0/2", "xe-0/0/10"]),
    ],
)
def test_the_type_of_the_device_orders_its_interfaces(api, equipment, ordering, expected):
    device = equipment.make_device(equipment.make_type(interface_ordering=ordering))
    api.post("dcim/interfaces/", [{"device": device["id"], "name": name} for name in sorted(expected)])
    for asked in ({"device_id": device["id"]}, {"device": device["name"]}):
        assert [each["name"] for each in api.results("dcim/interfaces/", **asked)] == expected
    everything = [each for each in api.results("dcim/interfaces/", limit=0) if each["device"]]
    listed = [each["name"] for each in everything if each["device"]["id"] == device["id"]]
    assert listed == sorted(expected)


def test_a_renamed_interface_moves_in_the_order(api, equipment):
    device = equipment.make_device()
    first, second = (equipment.make_interface(device, name=name) for name in ("ge-0/0/1", "ge-0/0/2"))
    patch(api, first, name="ge-0/0/10")
    shown = [each["id"] for each in api.results("dcim/interfaces/", device_id=device["id"])]
    assert shown == [second["id"], first["id"]]


def test_the_master_of_a_chassis_shows_the_interfaces_of_all(api, equipment):
    master, member = equipment.make_device(), equipment.make_device()
    own = equipment.make_interface(master, mgmt_only=True)
    shared = equipment.make_interface(member)
    equipment.make_interface(member, mgmt_only=True)
    chassis = api.make("dcim/virtual-chassis/", master=master["id"])
    api.patch(f"dcim/devices/{member['id']}/", {"virtual_chassis": chassis["id"], "vc_position": 2})

    def listed(**asked):
        return {each["id"] for each in api.results("dcim/interfaces/", **asked)}

    assert listed(device_id=master["id"]) == listed(device=master["name"]) == {own["id"], shared["id"]}
    assert len(listed(device_id=member["id"])) == 2
    assert listed(device_id=master["id"], device=member["name"]) == {shared["id"]}
    assert listed(device_id="x") == listed(device="nobody") == set()


def test_lists_tell_kinds_of_interfaces_apart(api, equipment):
    device = equipment.make_device()
    made = {kind: equipment.make_interface(device, form_factor=kind)["id"] for kind in (COPPER, LAG, VIRTUAL, WIRELESS)}
    kinds = {"Physical": [COPPER], "virtual": [VIRTUAL, LAG], "wireless": [WIRELESS], "LAG": [LAG], "other": []}
    for kind, expected in kinds.items():
        found = {each["id"] for each in api.results("dcim/interfaces/", device_id=device["id"], type=kind)}
        assert found == {made[each] for each in expected}
    virtual = api.results("dcim/interfaces/", device_id=device["id"], form_factor=0)
    assert [each["id"] for each in virtual] == [made[VIRTUAL]]


def test_a_bulk_that_repeats_a_name_is_refused_on_the_element(api, equipment):
    device = equipment.make_device()
    twice = {"device": device["id"], "name": "eth0"}
    status, reply = api.post("dcim/interfaces/", [twice, twice])
    assert (status, reply[0], list(reply[1])) == (400, {}, ["non_field_errors"])
    assert api.results("dcim/interfaces/", device_id=device["id"]) == []


def test_an_interface_tells_how_many_addresses_are_on_it(api, equipment):
    device = equipment.make_device()
    bare, busy = (equipment.make_interface(device) for _ in range(2))
    for host in (1, 2):
        api.make("ipam/ip-addresses/", address=f"10.88.0.{host}/24", interface=busy["id"])
    expected = {bare["id"]: 0, busy["id"]: 2}
    on_page = api.results("dcim/interfaces/", device_id=device["id"])
    assert {each["id"]: each["count_ipaddresses"] for each in on_page} == expected
    assert {pk: read(api, {"id": pk})["count_ipaddresses"] for pk in expected} == expected
