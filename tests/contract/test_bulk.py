"""PATCH, PUT and DELETE of a list of objects with their ids: all of them, or none and what is wrong with each."""

import pytest

from tests.client import Client
from tests.contract.test_resources import NO_ID, WRITABLE
from tests.factories import BY_LABEL, Factory, url

CHANGEABLE = [label for label in WRITABLE if BY_LABEL[label].detail]


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


@pytest.fixture
def sites(factory) -> list[dict]:
    return [factory.make("dcim.site") for _ in range(3)]


def named(objects: list[dict]) -> list[dict]:
    return [{"id": each["id"]} for each in objects]


@pytest.mark.parametrize("label", CHANGEABLE)
def test_every_list_is_changed_replaced_and_deleted(api, factory, label):
    bodies = [factory.body(label), factory.body(label)]
    made = [api.make(url(label), **body) for body in bodies]
    status, patched = api.patch(url(label), named(made))
    assert (status, [each["id"] for each in patched]) == (200, [each["id"] for each in made])
    items = [{**body, "id": each["id"]} for body, each in zip(bodies, made, strict=True)]
    status, replaced = api.put(url(label), items[::-1])
    assert (status, [each["id"] for each in replaced]) == (200, [each["id"] for each in made[::-1]])

    status, errors = api.patch(url(label), [*named(made), {"id": NO_ID}])
    assert status == 400
    assert (errors[:2], list(errors[2])) == ([{}, {}], ["id"])
    assert api.call("DELETE", url(label), [*named(made), {"id": NO_ID}])[0] == 400
    assert api.call("DELETE", url(label), named(made)) == (204, None)
    assert [api.get(f"{url(label)}{each['id']}/")[0] for each in made] == [404, 404]


def test_each_element_is_judged_and_nothing_changes_if_one_is_wrong(api, sites):
    first, second, third = sites
    status, errors = api.patch(
        "dcim/sites/",
        [{"id": first["id"], "name": "New name"}, {"id": second["id"], "slug": third["slug"]}, {"id": third["id"]}],
    )
    assert (status, errors[0], list(errors[1]), errors[2]) == (400, {}, ["slug"], {})
    assert api.get(f"dcim/sites/{first['id']}/")[1]["name"] == first["name"]


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
def test_an_element_without_an_object_is_named(api, sites, verb):
    given = [*named(sites[:1]), {}, {"id": None}, {"id": "x"}, 7, *named(sites[:1])]
    status, errors = api.call(verb, "dcim/sites/", given)
    assert status == 400
    assert [list(each) for each in errors] == [[], ["id"], ["id"], ["id"], ["non_field_errors"], ["id"]]
    assert api.get(f"dcim/sites/{sites[0]['id']}/")[0] == 200


def test_nothing_but_a_list_of_bounded_length_means_something(api):
    for verb in ("PUT", "PATCH", "DELETE"):
        for body in ({}, {"id": 1}, 5):
            assert api.call(verb, "dcim/sites/", body)[0] == 405
        assert api.call(verb, "dcim/sites/", [{"id": 1}] * 1001)[0] == 413
        assert api.call(verb, "extras/recent-activity/", [{"id": 1}])[0] == 405
        assert api.request(verb, "dcim/sites/", [], headers={"If-Match": '"x"'}).status_code == 412
    assert api.patch("dcim/sites/", []) == api.put("dcim/sites/", []) == (200, [])
    assert api.call("DELETE", "dcim/sites/", []) == (204, None)


def test_what_protects_one_of_a_list_protects_all(api, factory, sites):
    prefixes = [api.make("ipam/prefixes/", prefix=f"10.99.{n}.0/24", site=sites[n]["id"]) for n in range(2)]
    vlan = factory.make("ipam.vlan", site=sites[0]["id"])
    status, reply = api.call("DELETE", "dcim/sites/", named(sites))
    assert status == 409
    dependents = {(each["type"], each["id"]) for each in reply["dependents"]}
    assert dependents == {("ipam.prefix", each["id"]) for each in prefixes} | {("ipam.vlan", vlan["id"])}
    assert all(api.get(f"dcim/sites/{each['id']}/")[0] == 200 for each in sites)


def test_what_goes_in_the_same_list_protects_nothing(api, factory):
    parent = factory.make("dcim.region")
    child = factory.make("dcim.region", parent=parent["id"])
    assert api.call("DELETE", "dcim/regions/", named([child, parent])) == (204, None)


def test_two_moves_of_one_list_close_no_cycle(api, factory):
    one, other = factory.make("dcim.region"), factory.make("dcim.region")
    moves = [{"id": one["id"], "parent": other["id"]}, {"id": other["id"], "parent": one["id"]}]
    status, errors = api.patch("dcim/regions/", moves)
    assert status == 400
    assert any("parent" in each for each in errors)
    assert api.get(f"dcim/regions/{one['id']}/")[1]["parent"] is None


def test_references_of_a_list_are_claimed_from_their_owners(api, factory, sites):
    tenants = [factory.make("tenancy.tenant")["id"] for _ in sites]
    items = [{"id": site["id"], "tenant": tenant} for site, tenant in zip(sites, tenants, strict=True)]
    status, changed = api.patch("dcim/sites/", items)
    assert (status, [each["tenant"] for each in changed]) == (200, tenants)
    status, errors = api.patch("dcim/sites/", [items[0], {**items[1], "tenant": NO_ID}])
    assert (status, errors[0], list(errors[1])) == (400, {}, ["tenant"])


def test_the_last_superuser_is_not_lost_in_a_list(api):
    body = {"username": "second-root", "password": "correct horse battery", "is_superuser": True}
    other = api.make("users/users/", **body)
    everyone = named(api.results("users/users/", is_superuser=True))
    status, errors = api.patch("users/users/", [{**each, "is_superuser": False} for each in everyone])
    assert (status, len(errors)) == (400, len(everyone))
    assert api.call("DELETE", "users/users/", everyone)[0] == 409
    assert api.delete(f"users/users/{other['id']}/")[0] == 204


def test_only_those_who_may_write_change_a_list(stack, sites):
    anonymous = Client(stack.base_url)
    for verb in ("PUT", "PATCH", "DELETE"):
        assert anonymous.call(verb, "dcim/sites/", named(sites))[0] == 403
