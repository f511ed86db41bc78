"""Users, groups and tokens: who manages what, and what nobody may do."""

import uuid

import pytest
import requests
from sqlalchemy import NullPool, create_engine

from shared.db.advisory_locks import AdvisoryLock
from tests.client import Client
from tests.factories import Factory


@pytest.fixture
def user(api):
    """(user, client) of a plain user whose password is `correct horse`."""
    name = f"user-{uuid.uuid4().hex[:12]}"
    made = api.make("users/users/", username=name, password="correct horse")
    return made, Client(api.base_url, api.make("users/tokens/", user=made["id"])["key"])


def provision(api, username, password, **more):
    body = {"username": username, "password": password, **more}
    return Client(api.base_url).post("users/tokens/provision/", body)


def test_a_password_is_never_shown_and_gives_a_token(api, user):
    made, _ = user
    assert "password" not in made and "password_hash" not in made
    status, token = provision(api, made["username"], "correct horse", description="laptop", write_enabled=False)
    assert status == 201 and (token["user"], token["description"]) == (made["id"], "laptop")
    client = Client(api.base_url, token["key"])
    assert client.get("users/users/")[1]["count"] == 1
    assert client.post("users/tokens/", {})[0] == 403
    assert "key" not in client.results("users/tokens/")[0]
    assert api.get(f"users/users/{made['id']}/")[1]["last_login"]


@pytest.mark.parametrize("body", [{}, {"username": "admin"}, {"password": "x"}, {"username": [], "password": 5}, []])
def test_logging_in_needs_a_name_and_a_password(api, body):
    assert Client(api.base_url).post("users/tokens/provision/", body)[0] == 400


def test_guessing_is_slowed_down_and_a_wrong_name_looks_like_a_wrong_password(api, user):
    name = user[0]["username"]
    replies = [provision(api, name, f"guess {number}") for number in range(8)]
    assert replies[0] == provision(api, f"no-{name}", "guess") and replies[0][0] == 403
    assert [status for status, _ in replies] == [403] * 5 + [429] * 3
    reply = requests.post(
        f"{api.base_url}/api/users/tokens/provision/", json={"username": name, "password": "correct horse"}
    )
    assert reply.status_code == 429 and reply.headers["Retry-After"]


def test_logging_in_often_is_not_guessing(api, user):
    assert {provision(api, user[0]["username"], "correct horse")[0] for _ in range(8)} == {201}


def test_a_user_changes_its_own_names_and_password_and_nothing_else(api, user):
    made, client = user
    own = f"users/users/{made['id']}/"
    assert client.patch(own, {"password": " new ", "old_password": "correct horse", "email": "a@example.com"})[0] == 200
    assert provision(api, made["username"], " new ")[0] == 201
    for name, value in {
        "is_superuser": True,
        "permissions": ["dcim.add_site"],
        "username": "root",
        "is_active": False,
    }.items():
        status, reply = client.patch(own, {name: value})
        assert status == 400 and list(reply) == [name]
    assert client.get("users/users/1/")[0] == 404 and client.patch("users/users/1/", {"password": "x"})[0] == 404
    assert client.delete(own)[0] == 403


def test_a_user_manages_its_own_tokens_only(api, user):
    made, client = user
    token = client.make("users/tokens/", write_enabled=False, expires="2100-01-01T00:00:00+02:00")
    assert token["user"] == made["id"] and token["expires"] == "2099-12-31T22:00:00.000000Z"
    assert list(client.post("users/tokens/", {"user": 1})[1]) == ["user"]
    assert list(client.patch(f"users/tokens/{token['id']}/", {"user": 1})[1]) == ["user"]
    assert client.patch(f"users/tokens/{token['id']}/", {"description": "x"})[1]["key"] is None
    assert client.delete("users/tokens/1/")[0] == 404
    assert {each["user"]["id"] for each in client.results("users/tokens/")} == {made["id"]}


def test_a_revoked_token_is_worth_nothing_in_any_worker(api, user):
    made, client = user
    token = client.make("users/tokens/")
    other = Client(api.base_url, token["key"])
    assert {other.get("dcim/sites/")[0] for _ in range(8)} == {200}
    assert client.delete(f"users/tokens/{token['id']}/")[0] == 204
    assert {
        requests.get(f"{api.base_url}/api/dcim/sites/", headers=other.session.headers).status_code for _ in range(8)
    } == {403}


@pytest.fixture
def alone(api):
    """No superuser but the first is active."""
    others = api.results("users/users/", is_superuser="true", is_active="true", limit=1000)
    paths = [f"users/users/{each['id']}/" for each in others if each["id"] != 1]
    for path in paths:
        assert api.patch(path, {"is_active": False})[0] == 200
    yield
    for path in paths:
        api.patch(path, {"is_active": True})


@pytest.mark.parametrize("change", [{"is_superuser": False}, {"is_active": False}])
def test_the_last_superuser_stays(api, alone, change):
    status, reply = api.patch("users/users/1/", change)
    assert status == 400 and list(reply) == list(change)
    assert api.delete("users/users/1/")[0] == 409


def test_a_second_superuser_may_go(api):
    second = api.make("users/users/", username=uuid.uuid4().hex, password="x", is_superuser=True)["id"]
    assert api.patch(f"users/users/{second}/", {"is_superuser": False})[0] == 200
    assert api.delete(f"users/users/{second}/")[0] == 204


@pytest.mark.parametrize(
    "names", [["dcim.nothing"], ["users.add_user"], ["nowhere.add_site"], ["x"], "dcim.add_site", [5], {}]
)
def test_only_what_there_is_can_be_permitted(api, names):
    status, reply = api.post("users/groups/", {"name": uuid.uuid4().hex, "permissions": names})
    assert status == 400 and list(reply) == ["permissions"]


def test_permissions_are_replaced_as_a_list(api):
    group = api.make("users/groups/", name=uuid.uuid4().hex, permissions=["dcim.add_site", "ipam.add_vrf"])
    path = f"users/groups/{group['id']}/"
    assert api.patch(path, {"permissions": ["dcim.delete_site"]})[1]["permissions"] == ["dcim.delete_site"]
    assert api.patch(path, {"permissions": []})[1]["permissions"] == []


def test_a_user_whom_a_reservation_names_is_kept(api, user):
    reservation = Factory(api).make("dcim.rackreservation")
    # Who makes a reservation owns it at first, whichever user was sent.
    assert api.patch(f"dcim/rack-reservations/{reservation['id']}/", {"user": user[0]["id"]})[0] == 200
    status, reply = api.delete(f"users/users/{user[0]['id']}/")
    assert status == 409 and reply["dependents"][0]["id"] == reservation["id"]
    rack = api.get(f"dcim/racks/{reservation['rack']}/")[1]
    assert reply["dependents"][0]["name"] == rack["name"]
    assert api.delete(f"dcim/rack-reservations/{reservation['id']}/")[0] == 204
    assert api.delete(f"users/users/{user[0]['id']}/")[0] == 204


def test_a_superuser_may_go_while_row_counts_are_added_up(api, stack):
    second = api.make("users/users/", username=uuid.uuid4().hex, password="x", is_superuser=True)["id"]
    engine = create_engine(stack.database_url("users"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(AdvisoryLock.ROW_COUNTS.held())
        assert api.patch(f"users/users/{second}/", {"is_superuser": False})[0] == 200
