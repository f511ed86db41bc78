"""Bodies of forms, and the blanks of JSON, mean what they mean to NetBox 2.3."""

import pytest

from tests.factories import Factory

SPELLED = "Date has wrong format. Use one of these formats instead: YYYY[-MM[-DD]]."


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


@pytest.mark.parametrize("media", ["data", "files"])
def test_a_blank_of_a_form_is_null_or_left_out(api, media):
    blanks = {"asn": "", "region": "", "status": "", "time_zone": "", "facility": ""}
    said = {"name": f"Form {media}", "slug": f"form-{media}", **blanks}
    sent = said if media == "data" else {name: (None, text) for name, text in said.items()}
    made = api.request("POST", "dcim/sites/", **{media: sent}).json()
    assert {name: made[name] for name in blanks} == {
        "asn": None,
        "region": None,
        "status": 1,
        "time_zone": None,
        "facility": "",
    }
    path = f"dcim/sites/{made['id']}/"
    assert api.request("PATCH", path, data={"asn": "65000"}).json()["asn"] == 65000
    assert api.request("PATCH", path, data={"asn": ""}).json()["asn"] is None


def test_a_name_that_repeats_is_a_list_only_where_there_is_one(api, factory):
    vlans = [factory.make("ipam.vlan")["id"] for _ in range(2)]
    said = [("device", factory.make("dcim.device")["id"]), ("name", "eth0"), ("name", "eth1"), ("mode", 200)]
    made = api.request("POST", "dcim/interfaces/", data=[*said, ("tagged_vlans", vlans[0])]).json()
    assert (made["name"], made["tagged_vlans"], made["enabled"]) == ("eth1", vlans[:1], False)
    path = f"dcim/interfaces/{made['id']}/"
    changed = api.request("PATCH", path, data=[("tagged_vlans", pk) for pk in vlans] + [("mac_address", "")]).json()
    assert (sorted(changed["tagged_vlans"]), changed["mac_address"]) == (vlans, None)


@pytest.mark.parametrize(
    ("label", "name", "error"),
    [
        ("dcim.site", "asn", "A valid integer is required."),
        ("circuits.circuit", "install_date", SPELLED),
        ("dcim.interface", "mode", '"" is not a valid choice.'),
        ("circuits.circuit", "provider", "This field may not be null."),
    ],
)
def test_a_blank_of_json_is_no_null(api, factory, label, name, error):
    path = factory.make(label)["url"].removeprefix(f"{api.base_url}/api/")
    assert api.patch(path, {name: ""}) == (400, {name: [error]})


def test_a_blank_reference_is_null(api, factory):
    region = factory.make("dcim.region")["id"]
    site = factory.make("dcim.site", region=region)
    assert api.patch(f"dcim/sites/{site['id']}/", {"region": ""})[1]["region"] is None


def test_a_long_number_keeps_its_digits(api, factory):
    path = f"dcim/sites/{factory.make('dcim.site')['id']}/"
    assert api.patch(path, {"facility": 123456789012345678901})[1]["facility"] == "123456789012345678901"
    refused = {"region": [f'Invalid pk "{10**30}" - object does not exist.']}
    assert api.patch(path, {"region": 10**30}) == (400, refused)


def test_a_form_empties_a_list(api, factory):
    vlans = [factory.make("ipam.vlan")["id"] for _ in range(2)]
    interface = factory.make("dcim.interface", mode=200, tagged_vlans=vlans)
    path, whole = f"dcim/interfaces/{interface['id']}/", {"device": interface["device"], "name": "eth0", "mode": 200}
    assert api.request("PATCH", path, data={"name": "eth0"}).json()["tagged_vlans"] == vlans
    assert api.request("PATCH", path, data={"tagged_vlans": ""}).json()["tagged_vlans"] == []
    api.patch(path, {"tagged_vlans": vlans})
    assert api.request("PUT", path, data=whole).json()["tagged_vlans"] == []
    api.patch(path, {"tagged_vlans": vlans})
    assert api.put(path, whole)[1]["tagged_vlans"] == vlans
