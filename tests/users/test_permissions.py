"""Every resource, every verb, everyone: who is let through, and that the others change nothing."""

import pytest

from gateway.users.app import RESOURCES as ACCOUNTS
from shared.security.authorization import PERMISSION_OF
from tests.factories import RESOURCES
from tests.users.callers import KINDS, make_callers

NO_SUCH_ID = 2147483647
SHOWN_TO_OPERATORS = {"extras.webhook", "extras.webhookdelivery"}
REFUSED = {"expired": "Token expired", "inactive": "User inactive"}


@pytest.fixture(scope="session")
def callers(api):
    return make_callers(api)


def requests_of(resource):
    """(verb, path, body, status when permitted): none of them changes anything."""
    listed, one = f"{resource.app}/{resource.path}/", f"{resource.app}/{resource.path}/{NO_SUCH_ID}/"
    yield "GET", listed, None, 200
    yield "POST", listed, [], 201 if "POST" in resource.methods else 405
    bulk = {"PUT": 200, "PATCH": 200, "DELETE": 204} if resource.detail else {}
    for verb, status in bulk.items():
        yield verb, listed, [], status if verb in resource.methods else 405
    if resource.detail:
        for verb in ("PUT", "PATCH", "DELETE"):
            yield verb, one, {}, 404 if verb in resource.methods else 405


def expected(resource, verb: str, kind: str, permitted: int) -> int:
    if kind in REFUSED:
        return 403
    if verb == "GET" and resource.model.label in SHOWN_TO_OPERATORS:
        return permitted if kind in ("superuser", "granted", "read-only") else 403
    if verb == "GET":
        return 403 if kind == "anonymous" and resource.app in ("users", "secrets") else permitted
    own = resource.permission(PERMISSION_OF[verb]) is None
    grantable = resource.app != "users"
    if kind == "superuser" or (kind == "granted" and (grantable or own)) or (kind == "plain" and own):
        return permitted
    return 403


@pytest.mark.parametrize("resource", [*RESOURCES, *ACCOUNTS], ids=lambda each: f"{each.app}/{each.path}")
def test_who_may_do_what(callers, resource):
    for verb, path, body, permitted in requests_of(resource):
        for kind in KINDS:
            status, reply = callers[kind].call(verb, path, body)
            assert status == expected(resource, verb, kind, permitted), (verb, path, kind, reply)
            assert status != 403 or isinstance(reply["detail"], str)
            assert kind not in REFUSED or reply["detail"] == REFUSED[kind]


def test_what_a_group_may_its_members_may_from_the_next_request_on(api, callers):
    user = callers["plain"]
    group = api.make("users/groups/", name="tenancy", permissions=["tenancy.add_tenantgroup"])["id"]
    member = f"users/users/{user.ids['users/users/']}/"
    for groups, status in (([], 403), ([group], 201), ([], 403)):
        assert api.patch(member, {"groups": groups})[1]["groups"] == groups
        assert user.post("tenancy/tenant-groups/", [])[0] == status


def test_the_permissions_are_those_that_the_services_ask_for(api, callers):
    names = [each["name"] for each in api.results("users/permissions/", limit=1000)]
    asked = {each.permission(verb) for each in RESOURCES for verb in PERMISSION_OF.values()} - {None}
    assert asked <= {*names} and "secrets.activate_userkey" in names and names == sorted(names)
    assert not [name for name in names if name.startswith("users.")]
    assert [each["name"] for each in api.results("users/permissions/", limit=2, offset=1)] == names[1:3]
    assert callers["anonymous"].get("users/permissions/")[0] == 403
