"""What a write refers to may be meant by its attributes, wherever it lives; and choices by the slug of their label."""

import pytest

from tests.factories import Factory

NOT_FOUND = "Related object not found using the provided attributes: "


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


def test_an_object_of_the_same_service_is_meant_by_its_slug_or_name(api, factory):
    region = factory.make("dcim.region")
    for by in ({"slug": region["slug"]}, {"name": region["name"], "slug": region["slug"]}, {"id": region["id"]}):
        assert factory.make("dcim.site", region=by)["region"] == region["id"]


def test_an_object_of_another_service_is_found_by_its_owner(api, factory):
    tenants = [factory.make("tenancy.tenant") for _ in range(3)]
    group = factory.make("tenancy.tenantgroup")
    grouped = factory.make("tenancy.tenant", group=group["id"])
    made = api.post(
        "dcim/sites/",
        [
            factory.body("dcim.site", tenant={"slug": tenants[0]["slug"]}),
            factory.body("dcim.site", tenant={"name": tenants[1]["name"]}),
            factory.body("dcim.site", tenant=tenants[2]["id"]),
            factory.body("dcim.site", tenant={"group": {"slug": group["slug"]}}),
        ],
    )
    assert made[0] == 201, made
    assert [each["tenant"] for each in made[1]] == [*(each["id"] for each in tenants), grouped["id"]]
    assert api.get(f"dcim/sites/{made[1][0]['id']}/")[1]["tenant"]["slug"] == tenants[0]["slug"]


def test_attributes_lead_through_references(api, factory):
    devices = [factory.make("dcim.device", name=f"by-attributes-{n}") for n in range(2)]
    ports = [factory.make("dcim.interface", device=device["id"], name="xe-0") for device in devices]
    by = {"device": {"name": "by-attributes-1"}, "name": "xe-0"}
    assert factory.make("ipam.ipaddress", interface=by)["interface"] == ports[1]["id"]
    by = {"device": devices[0]["id"], "name": "xe-0"}
    assert factory.make("ipam.ipaddress", interface=by)["interface"] == ports[0]["id"]


@pytest.mark.parametrize("name", ["region", "tenant"])
def test_none_and_several_are_said_to_be_so(api, factory, name):
    label = {"region": "dcim.region", "tenant": "tenancy.tenant"}[name]
    owner = "parent" if name == "region" else "group"
    above = factory.make(label if name == "region" else "tenancy.tenantgroup")["id"]
    for _ in range(2):
        factory.make(label, **{owner: above})
    status, errors = api.post("dcim/sites/", factory.body("dcim.site", **{name: {"slug": "no-such-thing"}}))
    assert (status, errors) == (400, {name: [NOT_FOUND + '{"slug": "no-such-thing"}']})
    status, errors = api.post("dcim/sites/", factory.body("dcim.site", **{name: {owner: above}}))
    assert (status, list(errors)) == (400, [name])
    assert errors[name][0].startswith("Multiple objects match the provided attributes: ")


def test_what_identifies_nothing_is_refused_with_the_field(api, factory):
    deep: dict = {"slug": "x"}
    for _ in range(9):
        deep = {"parent": deep}
    wrong = ({}, {"no_such": 1}, {"slug": [1]}, {"slug": "a\x00b"}, {"name": "x" * 5000}, deep, {"custom_fields": {}})
    for by in wrong:
        status, errors = api.post("dcim/sites/", factory.body("dcim.site", region=by))
        assert (status, list(errors)) == (400, ["region"]), by


def test_users_are_found_by_their_name_alone(api, factory):
    reservation = factory.make("dcim.rackreservation")
    path = f"dcim/rack-reservations/{reservation['id']}/"
    assert api.patch(path, {"user": {"username": "admin"}})[1]["user"] == 1
    for by in ({"is_superuser": True}, {"password_hash": "x"}, {"email": "x@example.com"}):
        status, errors = api.patch(path, {"user": by})
        assert (status, list(errors)) == (400, ["user"]), by
        assert "cannot be found by" in errors["user"][0]


def test_lists_of_references_take_attributes_too(api, factory):
    port = factory.make("dcim.interface")
    vlans = [factory.make("ipam.vlan") for _ in range(2)]
    by = [{"name": vlans[0]["name"]}, vlans[1]["id"], {"name": vlans[0]["name"]}]
    status, changed = api.patch(f"dcim/interfaces/{port['id']}/", {"mode": "tagged", "tagged_vlans": by})
    assert (status, sorted(changed["tagged_vlans"])) == (200, sorted(each["id"] for each in vlans))
    assert changed["mode"] == 200


def test_a_choice_is_written_by_the_slug_of_its_label(api, factory):
    site = factory.make("dcim.site", status="retired")
    assert site["status"] == 4
    for wrong in ("Retired ", "gone", {"slug": "retired"}):
        assert api.patch(f"dcim/sites/{site['id']}/", {"status": wrong})[0] == 400
