"""Delegation: a service that answers a user's write asks others as that user, as long as the gateway says so."""

import pytest

from gateway.users.keys import digest, new_key
from shared.security.identity import DELEGATION_HEADER
from tests.gateway.test_internal import BODY, PATH, headers

SEEN = DELEGATION_HEADER.lower()


@pytest.fixture
def member(accounts):
    """(user id, token key) of a plain user with permissions in two services."""
    key, name = new_key(), f"user-{new_key()}"
    made = "INSERT INTO users_user (username, password_hash, permissions) VALUES (%s, 'x', %s) RETURNING id"
    user = accounts(made, name, ["dcim.add_site", "ipam.add_vrf"]).scalar()
    accounts("INSERT INTO users_token (user_id, digest) VALUES (%s, %s)", user, digest(key))
    return user, key


@pytest.fixture
def given(client, member):
    """What extras is given with a request of the user: `given(method, app)`."""

    def ask(method: str = "POST", app: str = "extras") -> dict:
        told = {"Authorization": f"Token {member[1]}", DELEGATION_HEADER: "of the client"}
        return client(method, f"/api/{app}/things/", headers=told, data=b"{}").json()["headers"]

    return ask


@pytest.fixture
def asked(client):
    """The reply to an internal call of `service` with a delegation."""
    return lambda told, service="extras": client(
        "POST", PATH, headers={**headers(service), DELEGATION_HEADER: told}, data=BODY
    )


def test_a_service_asks_as_the_user_whose_write_it_answers(given, asked, member):
    seen = asked(given()[SEEN]).json()
    identity = seen["identity"]
    assert (identity["user_id"], identity["service"], identity["write"]) == (member[0], "extras", True)
    assert (identity["superuser"], identity["permissions"]) == (False, ["dcim.add_site"])
    assert SEEN not in seen["headers"]


def test_only_who_needs_it_gets_it_and_only_with_a_write(given):
    assert SEEN not in given("GET") and SEEN not in given("POST", "dcim")


def test_what_another_got_or_made_is_refused(given, asked):
    told = given()[SEEN]
    for wrong, service in ((told, "ipam"), (f"x{told}", "extras"), ("x", "extras"), ("of the client", "extras")):
        assert asked(wrong, service).status_code == 403, (wrong, service)


def test_a_user_who_is_deactivated_meanwhile_is_spoken_for_no_more(given, asked, member, accounts):
    told = given()[SEEN]
    accounts("UPDATE users_token SET write_enabled = false WHERE user_id = %s", member[0])
    assert asked(given()[SEEN]).json()["identity"]["write"] is False
    accounts("UPDATE users_user SET is_active = false WHERE id = %s", member[0])
    assert asked(told).status_code == 403
