"""Prefixes: how they are read, what they refuse, how they are found and ordered."""

import pytest


def listed(api, **filters):
    return [each["prefix"] for each in api.results("ipam/prefixes/", limit=0, **filters)]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("10.0.0.0/255.255.0.0", "10.0.0.0/16"),
        ("10.0.0.0/0.0.255.255", "10.0.0.0/16"),
        ("10/8", "10.0.0.0/8"),
        (" 2001:DB8::/32 ", "2001:db8::/32"),
        ("10.0.0.0/31", "10.0.0.0/31"),
        ("::/0", "::/0"),
    ],
)
def test_a_prefix_is_kept_in_its_canonical_form(api, vrf, sent, kept):
    made = api.make("ipam/prefixes/", prefix=sent, vrf=vrf["id"])
    assert made["prefix"] == kept
    _, read = api.get(f"ipam/prefixes/{made['id']}/")
    assert (read["prefix"], read["family"]) == (kept, 6 if ":" in kept else 4)


@pytest.mark.parametrize(
    "sent",
    ["", " ", "10.0.0.1/24", "10.0.0.0/33", "x", "10.0.0.0\x00", 10, True, None, [], {}, "1" * 300, "10.0.0.0/8/8"],
)
def test_what_is_no_network_is_refused_by_name(api, sent):
    status, reply = api.post("ipam/prefixes/", {"prefix": sent})
    assert (status, list(reply)) == (400, ["prefix"])


@pytest.mark.parametrize("host", ["10.0.0.1", "10.0.0.1/32", "2001:db8::1/128"])
def test_a_single_host_is_no_prefix(api, host):
    status, reply = api.post("ipam/prefixes/", {"prefix": host})
    assert (status, list(reply)) == (400, ["non_field_errors"])


def test_a_family_that_is_sent_is_ignored(api, vrf):
    made = api.make("ipam/prefixes/", prefix="10.0.0.0/8", family=6, vrf=vrf["id"])
    assert api.get(f"ipam/prefixes/{made['id']}/")[1]["family"] == 4


def test_duplicates_depend_on_the_vrf(api, vrf, open_vrf):
    for _ in range(2):
        api.make("ipam/prefixes/", prefix="10.0.0.0/8", vrf=open_vrf["id"])
    api.make("ipam/prefixes/", prefix="10.0.0.0/8", vrf=vrf["id"])
    status, reply = api.post("ipam/prefixes/", {"prefix": "10.0.0.0/8", "vrf": vrf["id"]})
    assert (status, list(reply)) == (400, ["non_field_errors"])


def test_a_duplicate_is_refused_when_a_prefix_moves_into_the_vrf(api, vrf, open_vrf):
    api.make("ipam/prefixes/", prefix="10.0.0.0/8", vrf=vrf["id"])
    other = api.make("ipam/prefixes/", prefix="10.0.0.0/8", vrf=open_vrf["id"])
    status, _ = api.patch(f"ipam/prefixes/{other['id']}/", {"vrf": vrf["id"]})
    assert status == 400
    assert api.get(f"ipam/prefixes/{other['id']}/")[1]["vrf"]["id"] == open_vrf["id"]


def test_duplicates_in_one_request_are_reported_on_the_element(api, vrf):
    items = [{"prefix": each, "vrf": vrf["id"]} for each in ("10.1.0.0/16", "10.2.0.0/16", "10.1/16")]
    status, reply = api.post("ipam/prefixes/", items)
    assert status == 400
    assert [list(each) for each in reply] == [[], [], ["non_field_errors"]]
    assert listed(api, vrf_id=vrf["id"]) == []


def test_an_edit_of_a_prefix_is_no_duplicate_of_itself(api, vrf):
    made = api.make("ipam/prefixes/", prefix="10.0.0.0/8", vrf=vrf["id"])
    status, _ = api.patch(f"ipam/prefixes/{made['id']}/", {"prefix": "10/8", "description": "same"})
    assert status == 200


@pytest.fixture(scope="module")
def tree(api):
    """Networks within networks, in a VRF of their own."""
    vrf = api.make("ipam/vrfs/", name="tree", rd="tree")
    networks = ("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "10.2.0.0/16", "2001:db8::/32")
    api.post("ipam/prefixes/", [{"prefix": each, "vrf": vrf["id"]} for each in reversed(networks)])
    return vrf


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"within": "10.1.0.0/16"}, ["10.1.1.0/24"]),
        ({"within_include": "10.1.9.9/16"}, ["10.1.0.0/16", "10.1.1.0/24"]),
        ({"contains": "10.1.0.0/16"}, ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16"]),
        ({"contains": "10.2.0.1"}, ["0.0.0.0/0", "10.0.0.0/8", "10.2.0.0/16"]),
        ({"contains": "2001:db8::1"}, ["2001:db8::/32"]),
        ({"within": "nonsense"}, []),
        ({"within": ["10.1.0.0/16", "2001::/16"]}, ["10.1.1.0/24", "2001:db8::/32"]),
        ({"family": "6"}, ["2001:db8::/32"]),
        ({"family": "5"}, []),
        ({"mask_length": "16"}, ["10.1.0.0/16", "10.2.0.0/16"]),
        ({"mask_length": ["8", "24"]}, ["10.0.0.0/8", "10.1.1.0/24"]),
        ({"q": "10.1.1"}, ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24"]),
    ],
)
def test_prefixes_are_found_by_where_they_lie(api, tree, filters, found):
    assert listed(api, vrf="tree", **filters) == found


@pytest.mark.parametrize("blank", ["within", "within_include", "contains", "mask_length", "family"])
def test_a_blank_filter_is_ignored(api, tree, blank):
    assert len(listed(api, vrf="tree", **{blank: ""})) == 6


def test_a_mask_length_of_zero_is_ignored(api, tree):
    assert len(listed(api, vrf="tree", mask_length="0")) == 6


def test_prefixes_are_found_by_the_number_of_their_vlan(api, vrf):
    vlan = api.make("ipam/vlans/", vid=4001, name="by vid")
    api.make("ipam/prefixes/", prefix="10.0.0.0/8", vrf=vrf["id"], vlan=vlan["id"])
    api.make("ipam/prefixes/", prefix="11.0.0.0/8", vrf=vrf["id"])
    assert listed(api, vrf_id=vrf["id"], vlan_vid=4001) == ["10.0.0.0/8"]
    assert listed(api, vrf_id=vrf["id"], vlan_id=vlan["id"]) == ["10.0.0.0/8"]
    assert listed(api, vrf_id=vrf["id"], vlan_id="null") == ["11.0.0.0/8"]


def test_the_global_table_comes_first_and_then_the_vrfs_by_name(api):
    zed = api.make("ipam/vrfs/", name="order z", rd="order:1")
    alpha = api.make("ipam/vrfs/", name="order a", rd="order:2")
    for vrf in (zed["id"], alpha["id"], None):
        api.make("ipam/prefixes/", prefix="172.16.99.0/24", vrf=vrf)

    def spaces():
        found = api.results("ipam/prefixes/", within="172.16.99.0/23", limit=0)
        return [each["vrf"] and each["vrf"]["name"] for each in found]

    assert spaces() == [None, "order a", "order z"]
    api.patch(f"ipam/vrfs/{zed['id']}/", {"name": "order 0"})
    assert spaces() == [None, "order 0", "order a"]


def test_a_site_knows_how_many_prefixes_and_vlans_it_has(api):
    site = api.make("dcim/sites/", name="Counted", slug="counted")
    api.make("ipam/prefixes/", prefix="192.0.2.0/24", site=site["id"])
    for vid in (7, 8):
        api.make("ipam/vlans/", vid=vid, name="counted", site=site["id"])
    _, read = api.get(f"dcim/sites/{site['id']}/")
    assert (read["count_prefixes"], read["count_vlans"]) == (1, 2)
    status, reply = api.delete(f"dcim/sites/{site['id']}/")
    assert status == 409
    assert {each["type"] for each in reply["dependents"]} == {"ipam.prefix", "ipam.vlan"}
