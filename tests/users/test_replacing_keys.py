"""Keys are replaced while everything runs: for a while each program believes the old one and the new one."""

import pytest
import requests
from itsdangerous import BadSignature

from shared.http import protocol
from shared.security import identity
from shared.security.identity import HEADER, Identity, sign
from stack.plan import Plan
from tests.client import Client
from tests.running import Stack
from tests.web.conftest import Person, make_administrator

PATH = "/api/tenancy/tenants/"
CALLER = Identity(1, "admin", superuser=True, write=True)


@pytest.fixture
def stack(make_stack) -> Stack:
    return make_stack(PATCHBAY_TENANCY_KEY="second,first", PATCHBAY_USERS_KEY="u-first").start()


def asked(stack: Stack, setting: str) -> int:
    """What tenancy answers to whoever signs with the key of `setting`."""
    headers = {HEADER: sign(setting, CALLER, "GET", PATH), **protocol.as_header()}
    return requests.get(Plan.load(stack.folder).health_base("tenancy") + PATH, headers=headers).status_code


def replace(stack: Stack, **keys: str) -> None:
    assert stack.down().returncode == 0
    assert stack.run("config", *(f"{name}={value}" for name, value in keys.items())).returncode == 0
    stack.environment = {}
    stack.start()


def test_two_keys_are_believed_and_the_first_signs(stack) -> None:
    api, person = Client(stack.base_url, stack.token), Person(stack.base_url)
    # A neighbour that has yet to be told of the new key, one that has been, and one that has forgotten the old.
    assert [asked(stack, each) for each in ("first", "first,second", "second,first", "second")] == [200] * 4
    assert asked(stack, "third") == 403
    key = {"Idempotency-Key": "a-key-that-outlives-a-key"}
    made = api.request("POST", "tenancy/tenants/", {"name": "Kept", "slug": "kept"}, headers=key).json()
    assert person.log_in(make_administrator(api)).status_code == 303

    replace(stack, PATCHBAY_TENANCY_KEY="third,second", PATCHBAY_USERS_KEY="u-second,u-first")
    assert [asked(stack, each) for each in ("first", "second", "third")] == [403, 200, 200]
    again = api.request("POST", "tenancy/tenants/", {"name": "Kept", "slug": "kept"}, headers=key)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (made, "true")
    assert person.get("/admin/").url.endswith("/admin/")

    replace(stack, PATCHBAY_USERS_KEY="u-third")
    assert "/admin/login/" in person.get("/admin/").url


def test_an_empty_key_is_none() -> None:
    assert identity.keys_of(" new, ,old,") == ["new", "old"]
    with pytest.raises(identity.Forged, match="no key"):
        identity.verify(",", sign("new", CALLER, "GET", PATH), "GET", PATH, "", str)


def test_what_was_signed_with_the_old_one_for_the_same_purpose_is_believed() -> None:
    said = identity.signer("old", "this").sign("x")
    assert identity.signer("new,old", "this").unsign(said) == b"x"
    with pytest.raises(BadSignature):
        identity.signer("new,old", "that").unsign(said)


def test_the_newest_signs() -> None:
    signed = sign("new,old", CALLER, "GET", PATH)
    assert identity.verify("new", signed, "GET", PATH, "", str).username == "admin"
    with pytest.raises(identity.Forged):
        identity.verify("old", signed, "GET", PATH, "", str)
