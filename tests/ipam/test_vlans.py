"""VLANs and their groups: what must be unique where, and where a VLAN may be."""

from itertools import count

import pytest

numbers = count(1)


def refused(api, path, body, method="post"):
    status, reply = getattr(api, method)(path, body)
    return (status, list(reply)) == (400, ["non_field_errors"])


@pytest.fixture
def site(api):
    number = next(numbers)
    return api.make("dcim/sites/", name=f"VLAN site {number}", slug=f"vlan-site-{number}")


@pytest.fixture
def group(api, site):
    return api.make("ipam/vlan-groups/", name="g", slug="g", site=site["id"])


def test_groups_are_unique_in_their_site_only(api, site, group):
    for _ in range(2):
        api.make("ipam/vlan-groups/", name="nowhere", slug="nowhere")
    assert refused(api, "ipam/vlan-groups/", {"name": "g", "slug": "other", "site": site["id"]})
    assert refused(api, "ipam/vlan-groups/", {"name": "other", "slug": "g", "site": site["id"]})


def test_a_group_is_not_renamed_to_another_of_its_site(api, site, group):
    other = api.make("ipam/vlan-groups/", name="h", slug="h", site=site["id"])
    assert refused(api, f"ipam/vlan-groups/{other['id']}/", {"name": "g"}, "patch")


def test_vlans_are_unique_in_their_group_only(api, site, group):
    inside = {"group": group["id"], "site": site["id"]}
    first = api.make("ipam/vlans/", vid=10, name="a", **inside)
    assert refused(api, "ipam/vlans/", {"vid": 10, "name": "b", **inside})
    assert refused(api, "ipam/vlans/", {"vid": 11, "name": "a", **inside})
    for _ in range(2):
        api.make("ipam/vlans/", vid=10, name="a", site=site["id"])
    second = api.make("ipam/vlans/", vid=11, name="b", **inside)
    assert refused(api, f"ipam/vlans/{second['id']}/", {"vid": 10}, "patch")
    assert refused(api, f"ipam/vlans/{second['id']}/", {"name": "a"}, "patch")
    assert api.patch(f"ipam/vlans/{first['id']}/", {"vid": 10, "description": "same"})[0] == 200


def test_vlans_in_one_request_are_unique_too(api, site, group):
    items = [{"vid": 10, "name": name, "group": group["id"], "site": site["id"]} for name in "ab"]
    status, reply = api.post("ipam/vlans/", items)
    assert (status, reply[0], list(reply[1])) == (400, {}, ["non_field_errors"])


def test_a_vlan_is_where_its_group_is(api, site, group):
    nowhere = api.make("ipam/vlan-groups/", name="nowhere", slug="nowhere")
    assert refused(api, "ipam/vlans/", {"vid": 1, "name": "a", "group": group["id"]})
    assert refused(api, "ipam/vlans/", {"vid": 1, "name": "a", "group": nowhere["id"], "site": site["id"]})
    vlan = api.make("ipam/vlans/", vid=1, name="a", group=nowhere["id"])
    assert refused(api, f"ipam/vlans/{vlan['id']}/", {"site": site["id"]}, "patch")


@pytest.mark.parametrize("vid", [0, 4095, -1, "x", None, True, 1.5, ""])
def test_what_is_no_vid_is_refused_by_name(api, vid):
    status, reply = api.post("ipam/vlans/", {"vid": vid, "name": "a"})
    assert (status, list(reply)) == (400, ["vid"])


def test_q_finds_a_vlan_by_its_exact_number(api, site):
    for vid in (1234, 123):
        api.make("ipam/vlans/", vid=vid, name="x", site=site["id"])
    found = api.results("ipam/vlans/", q="123", site_id=site["id"])
    assert [each["display_name"] for each in found] == ["123 (x)"]


def test_vlans_are_listed_by_site_group_and_number(api, site, group):
    api.make("ipam/vlans/", vid=1, name="loose", site=site["id"])
    for vid in (9, 2):
        api.make("ipam/vlans/", vid=vid, name=f"v{vid}", site=site["id"], group=group["id"])
    assert [each["vid"] for each in api.results("ipam/vlans/", site_id=site["id"])] == [2, 9, 1]


def test_a_prefix_protects_its_vlan(api, vrf):
    vlan = api.make("ipam/vlans/", vid=1, name="used")
    api.make("ipam/prefixes/", prefix="10.0.0.0/8", vlan=vlan["id"], vrf=vrf["id"])
    assert api.delete(f"ipam/vlans/{vlan['id']}/")[0] == 409


def test_a_role_leaves_what_had_it(api, vrf):
    role = api.make("ipam/roles/", name="Leaving", slug="leaving")
    prefix = api.make("ipam/prefixes/", prefix="10.0.0.0/8", role=role["id"], vrf=vrf["id"])
    assert api.delete(f"ipam/roles/{role['id']}/")[0] == 204
    assert api.get(f"ipam/prefixes/{prefix['id']}/")[1]["role"] is None
