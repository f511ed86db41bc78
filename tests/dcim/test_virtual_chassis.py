"""Virtual chassis: the master stays editable, members have places of their own, and names follow the master."""


def chassis_of(api, equipment):
    master, member = equipment.make_device(), equipment.make_device(name=None)
    chassis = api.make("dcim/virtual-chassis/", master=master["id"])
    status, reply = api.patch(f"dcim/devices/{member['id']}/", {"virtual_chassis": chassis["id"], "vc_position": 2})
    assert status == 200, reply
    return master, member, chassis


def test_a_new_chassis_leaves_its_master_editable(api, equipment):
    master, _, _ = chassis_of(api, equipment)
    assert api.patch(f"dcim/devices/{master['id']}/", {"serial": "S1"})[0] == 200


def test_a_place_is_taken_once(api, equipment):
    _, _, chassis = chassis_of(api, equipment)
    other = equipment.make_device()
    joining = {"virtual_chassis": chassis["id"], "vc_position": 2}
    status, reply = api.patch(f"dcim/devices/{other['id']}/", joining)
    assert (status, list(reply)) == (400, ["non_field_errors"])


def test_an_unnamed_member_is_named_by_its_master(api, equipment):
    master, member, _ = chassis_of(api, equipment)
    api.patch(f"dcim/devices/{master['id']}/", {"name": f"{master['name']}-new"})
    _, shown = api.get(f"dcim/devices/{member['id']}/")
    assert shown["display_name"] == f"{master['name']}-new:2"


def test_a_deleted_chassis_lets_its_members_go(api, equipment):
    master, member, chassis = chassis_of(api, equipment)
    status, reply = api.delete(f"dcim/devices/{master['id']}/")
    dependent = reply["dependents"][0]
    assert (status, dependent["type"], dependent["name"]) == (409, "dcim.virtualchassis", master["name"])
    assert api.delete(f"dcim/virtual-chassis/{chassis['id']}/")[0] == 204
    _, shown = api.get(f"dcim/devices/{member['id']}/")
    assert (shown["virtual_chassis"], shown["vc_position"], shown["vc_priority"]) == (None, None, None)


def test_a_chassis_is_found_by_the_name_of_its_master(api, equipment):
    master, _, chassis = chassis_of(api, equipment)
    assert [each["id"] for each in api.results("dcim/virtual-chassis/", q=master["name"].upper())] == [chassis["id"]]


def test_a_port_of_a_member_is_known_by_the_name_of_the_master(api, equipment):
    master, member, _ = chassis_of(api, equipment)
    other = equipment.make_device()
    port = api.make("dcim/interfaces/", device=member["id"], name="Te2/0/1")
    peer = api.make("dcim/interfaces/", device=other["id"], name="eth0")
    api.make("dcim/interface-connections/", interface_a=port["id"], interface_b=peer["id"])
    for asked in ({"peer-device": master["name"], "peer-interface": "Te2/0/1"}, {"peer_device": master["name"]}):
        status, found = api.get("dcim/connected-device/", **{"peer_interface": "Te2/0/1"} | asked)
        assert (status, found["id"]) == (200, other["id"])
