"""IP addresses: how they are read, what they refuse, how they are found and ordered."""

import pytest

from services.ipam.available import MOST_SHOWN
from tests.client import Client


def listed(api, **filters):
    return [each["address"] for each in api.results("ipam/ip-addresses/", limit=0, **filters)]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("10.0.0.1", "10.0.0.1/32"),
        ("10.0.0.0/24", "10.0.0.0/24"),
        (" 10.0.0.1/255.255.255.0", "10.0.0.1/24"),
        ("2001:DB8::00A/64", "2001:db8::a/64"),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1/128"),
    ],
)
def test_an_address_is_kept_in_its_canonical_form(api, vrf, sent, kept):
    made = api.make("ipam/ip-addresses/", address=sent, vrf=vrf["id"])
    _, read = api.get(f"ipam/ip-addresses/{made['id']}/")
    assert made["address"] == read["address"] == kept
    assert read["family"] == (6 if ":" in kept else 4)


@pytest.mark.parametrize("sent", ["", "x", "10.0.0.1/33", "10.0.0.1\x00", "1::/129", 1, 1.5, True, None, [], {"a": 1}])
def test_what_is_no_address_is_refused_by_name(api, sent):
    status, reply = api.post("ipam/ip-addresses/", {"address": sent})
    assert (status, list(reply)) == (400, ["address"])


@pytest.mark.parametrize("role", [None, 30, 40])
def test_a_host_is_unique_whatever_its_mask_and_role(api, vrf, role):
    api.make("ipam/ip-addresses/", address="10.0.0.1/24", vrf=vrf["id"])
    status, reply = api.post("ipam/ip-addresses/", {"address": "10.0.0.1/8", "vrf": vrf["id"], "role": role})
    assert (status, list(reply)) == (400, ["non_field_errors"])


def test_duplicates_in_one_request_are_reported_on_the_element(api, vrf):
    items = [{"address": f"10.0.0.{each}", "vrf": vrf["id"]} for each in (1, 2, 1)]
    status, reply = api.post("ipam/ip-addresses/", items)
    assert status == 400
    assert [list(each) for each in reply] == [[], [], ["non_field_errors"]]
    assert listed(api, vrf_id=vrf["id"]) == []


def test_a_space_that_takes_duplicates_takes_them(api, open_vrf):
    for _ in range(2):
        api.make("ipam/ip-addresses/", address="10.0.0.1/24", vrf=open_vrf["id"])
    assert listed(api, vrf_id=open_vrf["id"], address="10.0.0.1") == ["10.0.0.1/24"] * 2


@pytest.fixture(scope="module")
def other_api(make_stack):
    """The API of a stack that is set up differently."""
    running = make_stack(ENFORCE_GLOBAL_UNIQUE="true", MAX_PAGE_SIZE="0", MAX_BULK_OBJECTS="2000").start()
    return Client(running.base_url, running.token)


def test_the_global_table_can_be_made_unique(other_api):
    api = other_api
    for path, body in (("prefixes", {"prefix": "10.0.0.0/8"}), ("ip-addresses", {"address": "10.0.0.1/8"})):
        api.make(f"ipam/{path}/", **body)
        assert api.post(f"ipam/{path}/", body)[0] == 400


def test_pages_can_be_without_a_limit(other_api):
    """NetBox makes the page that has everything link to itself as the next."""
    items = [{"address": f"192.0.{number // 200}.{number % 200}"} for number in range(1100)]
    assert other_api.post("ipam/ip-addresses/", items)[0] == 201
    _, page = other_api.get("ipam/ip-addresses/", parent="192.0.0.0/16", limit=0)
    assert (len(page["results"]), page["next"], page["previous"]) == (1100, None, None)
    prefix = other_api.make("ipam/prefixes/", prefix="2001:db8::/64")
    assert len(other_api.get(f"ipam/prefixes/{prefix['id']}/available-ips/", limit=0)[1]) == MOST_SHOWN


def test_hosts_are_in_order_whatever_their_mask(api, vrf):
    addresses = ["10.0.0.10/8", "10.0.0.2/32", "2001:db8::1/64", "9.255.255.255/8", "10.0.0.3/8"]
    api.post("ipam/ip-addresses/", [{"address": each, "vrf": vrf["id"]} for each in addresses])
    assert listed(api, vrf_id=vrf["id"]) == [
        "9.255.255.255/8",
        "10.0.0.2/32",
        "10.0.0.3/8",
        "10.0.0.10/8",
        "2001:db8::1/64",
    ]


@pytest.fixture(scope="module")
def hosts(api):
    vrf = api.make("ipam/vrfs/", name="hosts", rd="hosts")
    addresses = ("10.1.0.0/16", "10.1.0.1/24", "10.2.0.1/32", "2001:db8::1/64")
    items = [{"address": each, "vrf": vrf["id"], "description": f"on {each[:4]}"} for each in addresses]
    assert api.post("ipam/ip-addresses/", items)[0] == 201


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"parent": "10.1.0.0/16"}, ["10.1.0.0/16", "10.1.0.1/24"]),
        ({"parent": "10.1.0.1"}, []),
        ({"parent": "nonsense"}, []),
        ({"parent": ["10.2.0.0/16", "2001::/16"]}, ["10.2.0.1/32", "2001:db8::1/64"]),
        ({"address": "10.1.0.1"}, ["10.1.0.1/24"]),
        ({"address": "10.1.0.1/24"}, ["10.1.0.1/24"]),
        ({"address": "10.1.0.1/25"}, []),
        ({"address": "10.1"}, ["10.1.0.0/16"]),
        ({"mask_length": "64"}, ["2001:db8::1/64"]),
        ({"family": "6"}, ["2001:db8::1/64"]),
        ({"q": "10.1.0.1"}, ["10.1.0.1/24"]),
        ({"q": "1.0.1"}, []),
        ({"q": "ON 2001"}, ["2001:db8::1/64"]),
        ({"device": "nobody"}, []),
        ({"device_id": "x"}, []),
        ({"virtual_machine_id": "1"}, []),
        ({"virtual_machine": "null", "mask_length": "32"}, ["10.2.0.1/32"]),
        ({"interface_id": "null", "mask_length": "32"}, ["10.2.0.1/32"]),
    ],
)
def test_addresses_are_found(api, hosts, filters, found):
    assert listed(api, vrf="hosts", **filters) == found


def test_an_address_is_translated_for_one_other(api, vrf):
    inside = api.make("ipam/ip-addresses/", address="10.0.0.1", vrf=vrf["id"])
    outside = api.make("ipam/ip-addresses/", address="192.0.2.1", vrf=vrf["id"], nat_inside=inside["id"])
    status, reply = api.post(
        "ipam/ip-addresses/", {"address": "192.0.2.2", "vrf": vrf["id"], "nat_inside": inside["id"]}
    )
    assert (status, list(reply)) == (400, ["nat_inside"])
    read = api.get(f"ipam/ip-addresses/{inside['id']}/")[1]["nat_outside"]
    assert (read["id"], read["family"], read["address"]) == (outside["id"], 4, "192.0.2.1/32")
    assert api.delete(f"ipam/ip-addresses/{inside['id']}/")[0] == 204
    assert api.get(f"ipam/ip-addresses/{outside['id']}/")[1]["nat_inside"] is None


def test_an_address_goes_with_its_interface(api, vrf, make_interface):
    interface = make_interface()
    made = api.make("ipam/ip-addresses/", address="10.0.0.1", vrf=vrf["id"], interface=interface["id"])
    _, read = api.get(f"ipam/ip-addresses/{made['id']}/")
    _, device = api.get(f"dcim/devices/{interface['device']}/")
    assert read["interface"]["device"]["name"] == device["name"]
    assert read["interface"]["virtual_machine"] is None
    assert listed(api, device=device["name"]) == listed(api, device_id=device["id"]) == ["10.0.0.1/32"]
    assert listed(api, interface_id=interface["id"]) == ["10.0.0.1/32"]
    assert api.delete(f"dcim/interfaces/{interface['id']}/")[0] == 204
    assert api.get(f"ipam/ip-addresses/{made['id']}/")[0] == 404


def test_a_vrf_is_protected_by_what_is_in_it(api, vrf):
    api.make("ipam/ip-addresses/", address="10.0.0.1", vrf=vrf["id"])
    status, reply = api.delete(f"ipam/vrfs/{vrf['id']}/")
    assert status == 409
    assert [each["name"] for each in reply["dependents"]] == ["10.0.0.1/32"]
