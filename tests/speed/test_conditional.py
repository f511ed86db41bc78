"""A reply that the client has is not sent again; a change of what somebody else changed meanwhile is refused."""

from uuid import uuid4

import pytest


@pytest.fixture
def tenant(api) -> dict:
    mark = uuid4().hex[:12]
    return api.make("tenancy/tenants/", name=f"Tagged {mark}", slug=mark)


def at(tenant: dict) -> str:
    return f"tenancy/tenants/{tenant['id']}/"


def tag(api, path: str) -> str:
    return api.request("GET", path).headers["ETag"]


@pytest.mark.parametrize("path", ["tenancy/tenants/", "tenancy/tenants/?limit=1&offset=1"])
def test_a_list_that_is_unchanged_is_not_sent_again(api, tenant, path):
    known = tag(api, path)
    reply = api.request("GET", path, headers={"If-None-Match": known})
    assert (reply.status_code, reply.content, reply.headers["ETag"]) == (304, b"", known)


def test_an_object_is_sent_again_once_it_changed(api, tenant):
    known = {"If-None-Match": tag(api, at(tenant))}
    assert api.request("GET", at(tenant), headers=known).status_code == 304
    api.patch(at(tenant), {"description": "changed"})
    reply = api.request("GET", at(tenant), headers=known)
    assert (reply.status_code, reply.json()["description"]) == (200, "changed")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_lost_update_is_refused(api, tenant, method):
    known = {"If-Match": tag(api, at(tenant))}
    api.patch(at(tenant), {"description": "somebody else"})
    body = {"name": tenant["name"], "slug": tenant["slug"], "description": "mine"}
    reply = api.request(method, at(tenant), body, headers=known)
    assert (reply.status_code, set(reply.json())) == (412, {"detail"})
    assert api.get(at(tenant))[1]["description"] == "somebody else"


@pytest.mark.parametrize(("method", "status"), [("PUT", 200), ("PATCH", 200), ("DELETE", 204)])
def test_what_was_read_last_may_be_changed(api, tenant, method, status):
    body = {"name": tenant["name"], "slug": tenant["slug"], "description": "mine"}
    reply = api.request(method, at(tenant), body, headers={"If-Match": tag(api, at(tenant))})
    assert reply.status_code == status


def test_any_version_will_do(api, tenant):
    assert api.request("PATCH", at(tenant), {"description": "x"}, headers={"If-Match": "*"}).status_code == 200
