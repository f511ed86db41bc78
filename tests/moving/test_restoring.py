"""`?restore=true`: objects come back with the ids that they had, and no id is ever that of another."""

import pytest

from tests.client import Client
from tests.factories import Factory


@pytest.fixture
def factory(api) -> Factory:
    return Factory(api)


def greatest(api: Client, path: str) -> int:
    """The id of an object that is created now, after which all others come."""
    label = {"tenancy/tenants/": "tenancy.tenant", "dcim/devices/": "dcim.device"}[path]
    return Factory(api).make(label)["id"]


def test_an_id_that_was_never_given_out_is_kept_and_others_come_after_it(api, factory):
    last = greatest(api, "tenancy/tenants/")
    bodies = [factory.body("tenancy.tenant", id=last + step) for step in (7, 3)]
    status, made = api.post("tenancy/tenants/?restore=true", bodies)
    assert (status, [each["id"] for each in made]) == (201, [last + 7, last + 3])
    assert factory.make("tenancy.tenant")["id"] == last + 8


def test_an_id_that_may_have_been_given_out_is_refused(api, factory):
    gone = factory.make("tenancy.tenant")["id"]
    assert api.delete(f"tenancy/tenants/{gone}/")[0] == 204
    kept = factory.make("tenancy.tenant")
    for wrong in (gone, kept["id"], kept["id"] - 10**6, 0, "x", None, 2**31, True, [1]):
        status, errors = api.post("tenancy/tenants/?restore=true", factory.body("tenancy.tenant", id=wrong))
        assert (status, list(errors)) == (400, ["id"]), wrong
    twice = [factory.body("tenancy.tenant", id=kept["id"] + 5) for _ in range(2)]
    status, errors = api.post("tenancy/tenants/?restore=true", twice)
    assert (status, errors[0], list(errors[1])) == (400, {}, ["id"])
    # What was refused has used up no ids.
    assert factory.make("tenancy.tenant")["id"] == kept["id"] + 1


def test_an_id_is_ignored_where_nothing_is_brought_back(api, factory):
    last = greatest(api, "tenancy/tenants/")
    for query in ("", "?restore=false", "?restore="):
        made = api.make(f"tenancy/tenants/{query}", **factory.body("tenancy.tenant", id=last + 1000))
        assert made["id"] < last + 1000


def test_only_a_superuser_brings_objects_back(api, factory):
    user = api.make("users/users/", username="clerk", password="x", permissions=["tenancy.add_tenant"])
    clerk = Client(api.base_url, api.make("users/tokens/", user=user["id"])["key"])
    body = factory.body("tenancy.tenant")
    assert clerk.post("tenancy/tenants/?restore=true", body)[0] == 403
    assert clerk.post("tenancy/tenants/", body)[0] == 201


def test_a_device_that_is_brought_back_gets_no_components(api, factory):
    kind = factory.make("dcim.devicetype")["id"]
    api.make("dcim/interface-templates/", device_type=kind, name="eth0")
    body = factory.body("dcim.device", device_type=kind, name="restored", id=greatest(api, "dcim/devices/") + 1)
    status, device = api.post("dcim/devices/?restore=true", body)
    assert status == 201
    assert api.results("dcim/interfaces/", device_id=device["id"]) == []
    other = factory.make("dcim.device", device_type=kind, name="made")
    assert len(api.results("dcim/interfaces/", device_id=other["id"])) == 1


def test_the_document_tells_of_it_and_of_what_is_unique(api):
    post = api.get("schema/")[1]["paths"]["/api/dcim/device-types/"]["post"]
    assert [parameter["name"] for parameter in post["parameters"]] == ["Idempotency-Key", "restore"]
    assert post["x-unique"] == [["manufacturer", "model"], ["manufacturer", "slug"]]
    assert api.get("schema/")[1]["paths"]["/api/tenancy/tenants/"]["post"]["x-unique"] == [["name"], ["slug"]]
