"""What a save leaves: a new `last_updated`, lists in the order of what they name, values as they were sent."""

import pytest

from tests.factories import BY_LABEL, NOT_BY_JSON, Factory, url

TRACKED = sorted(
    label
    for label, each in BY_LABEL.items()
    if "last_updated" in each.model.attributes and "PATCH" in each.methods and label not in NOT_BY_JSON
)


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


@pytest.mark.parametrize("label", TRACKED)
def test_every_save_is_an_update(api, factory, label):
    path = f"{url(label)}{factory.make(label)['id']}/"
    before = api.get(path)[1]
    for body in ({}, {"description": before.get("description", "")}, before):
        assert api.patch(path, body)[0] == 200
        after = api.get(path)[1]
        assert after["last_updated"] > before["last_updated"]
        assert after | {"last_updated": None} == before | {"last_updated": None}
        before = after


def test_a_list_alone_is_an_update(api, factory):
    service = factory.make("ipam.service")
    interface = factory.make("dcim.interface", device=service["device"])["id"]
    address = factory.make("ipam.ipaddress", interface=interface)["id"]
    path = f"ipam/services/{service['id']}/"
    before = api.get(path)[1]
    assert api.patch(path, {"ipaddresses": [address]})[0] == 200
    assert api.get(path)[1]["last_updated"] > before["last_updated"]


def test_a_list_is_in_the_order_of_what_it_names(api, factory):
    device = factory.make("dcim.device")["id"]
    interface = factory.make("dcim.interface", device=device)["id"]
    ips = [
        factory.make("ipam.ipaddress", address=address, interface=interface)["id"]
        for address in ("2001:db8::1/64", "198.51.100.10/24", "198.51.100.9/24")
    ]
    ordered = ips[::-1]
    body = {"device": device, "name": "ssh", "port": 22, "protocol": 6, "ipaddresses": ips}
    service, other = api.post("ipam/services/", [body, body | {"name": "telnet", "ipaddresses": ips[:2]}])[1]
    assert (service["ipaddresses"], other["ipaddresses"]) == (ordered, ips[:2][::-1])
    path = f"ipam/services/{service['id']}/"
    assert [each["id"] for each in api.get(path)[1]["ipaddresses"]] == ordered
    assert api.patch(path, {"description": "x"})[1]["ipaddresses"] == ordered
    assert api.patch(path, {"ipaddresses": ips[1:]})[1]["ipaddresses"] == ips[:0:-1]


@pytest.mark.parametrize(
    ("label", "name", "good", "wrong"),
    [
        ("dcim.site", "contact_email", ("noc@example.org", ""), ("é@b.co", "a@b", "a b@c.org")),
        ("dcim.site", "time_zone", ("Europe/Amsterdam", "US/Pacific", "UTC"), ("localtime", "Factory", "Mars/North")),
        (
            "circuits.provider",
            "portal_url",
            ("http://10.0.0.1/", "http://localhost:8000/x", "https://[2001:db8::1]:8443/", "http://münchen.de", ""),
            ("http://999.1.1.1", "http://a.123", "http://a.co1", "http://a.com:0/", "http://[::1", "example.org"),
        ),
    ],
)
def test_values_are_checked_as_netbox_does(api, factory, label, name, good, wrong):
    path = f"{url(label)}{factory.make(label)['id']}/"
    for value in good:
        status, reply = api.patch(path, {name: value})
        assert (status, reply[name]) == (200, value), reply
    for value in wrong:
        status, reply = api.patch(path, {name: value})
        assert (status, list(reply)) == (400, [name]), value


def test_numbers_of_filters_may_be_spelled_with_an_exponent(api, factory):
    site = factory.make("dcim.site", asn=64700)["id"]
    for spelled in ("64700", "647e2", "64700.0", " 6.47E+4 "):
        assert [each["id"] for each in api.results("dcim/sites/", asn=spelled)] == [site]
    for spelled in ("64700.5", "1e999999999", "nan", "6_4700"):
        assert api.results("dcim/sites/", asn=spelled) == []
    assert api.results("ipam/prefixes/", mask_length="-0") == api.results("ipam/prefixes/")


def test_the_last_face_of_a_rack_counts(api, factory):
    rack = factory.make("dcim.rack")["id"]
    assert {unit["face"] for unit in api.results(f"dcim/racks/{rack}/units/", face=[0, 1])} == {1}
