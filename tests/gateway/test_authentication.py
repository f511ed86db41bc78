"""Tokens: who they make of a caller, and that every change of them counts from the next request on."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from argon2 import PasswordHasher

from gateway.users.bootstrap import ensure_admin
from gateway.users.keys import digest, new_key
from tests.gateway.conftest import WORKERS, gunicorn, wait_for
from tests.running import free_port
from tests.web.conftest import Person


@pytest.fixture
def member(accounts):
    """(user id, token key) of a plain user with permissions of its own and of a group."""
    key, name = new_key(), f"user-{new_key()}"
    user = accounts(
        "INSERT INTO users_user (username, password_hash, permissions) VALUES (%s, 'x', %s) RETURNING id",
        name,
        ["dcim.add_site", "dcim.change_site", "ipam.add_vrf", "dcimx.add_y"],
    ).scalar()
    group = accounts(
        "INSERT INTO users_group (name, permissions) VALUES (%s, %s) RETURNING id",
        name,
        ["dcim.add_site", "dcim.delete_site"],
    ).scalar()
    accounts("INSERT INTO users_user_groups (owner_id, target_id) VALUES (%s, %s)", user, group)
    accounts("INSERT INTO users_token (user_id, digest) VALUES (%s, %s)", user, digest(key))
    return user, key


@pytest.fixture
def by_token(stack, member):
    """(user id, function that asks by the user's token, on a connection of its own)."""
    user, key = member
    return user, lambda: requests.get(f"{stack.url}/api/dcim/sites/", headers={"Authorization": f"Token {key}"})


@pytest.fixture
def ask(client):
    return lambda authorization: client("GET", "/api/dcim/sites/", headers={"Authorization": authorization})


def refused(reply):
    assert reply.status_code == 403 and "WWW-Authenticate" not in reply.headers
    return reply.json()["detail"]


def test_a_token_makes_its_user_the_caller_with_the_permissions_of_the_app(ask, member):
    user, key = member
    for keyword in ("Token", "token", "TOKEN", "Bearer", "bearer"):
        seen = ask(f"{keyword} {key}").json()
        identity = seen["identity"]
        assert identity["user_id"] == user and identity["write"] and not identity["superuser"]
        assert sorted(identity["permissions"]) == ["dcim.add_site", "dcim.change_site", "dcim.delete_site"]
        assert "authorization" not in seen["headers"]


def test_a_read_only_token_says_so(ask, member, accounts):
    accounts("UPDATE users_token SET write_enabled = false WHERE user_id = %s", member[0])
    assert ask(f"Token {member[1]}").json()["identity"]["write"] is False


@pytest.mark.parametrize(
    ("authorization", "detail"),
    [
        ("Token " + "0" * 40, "Invalid token"),
        ("token nonsense'; --", "Invalid token header. Token string should not contain spaces."),
        ("Token é", "Invalid token"),
        ("Token", "Invalid token header. No credentials provided."),
        ("Token a b", "Invalid token header. Token string should not contain spaces."),
        ("Bearer x", "Invalid token"),
        ("Bearer", "Invalid token header. No credentials provided."),
    ],
)
def test_a_wrong_header_is_refused_even_for_a_public_read(client, ask, authorization, detail):
    assert refused(ask(authorization.encode())) == detail
    assert refused(client("GET", "/api/", headers={"Authorization": authorization.encode()})) == detail


@pytest.mark.parametrize("authorization", ["Digest x", "Basic YTpi", "", "Tokenx y"])
def test_other_schemes_are_ignored(ask, authorization):
    assert ask(authorization).json()["identity"]["user_id"] is None


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ("UPDATE users_token SET expires = now() - interval '1 second' WHERE user_id = %s", "Token expired"),
        ("UPDATE users_user SET is_active = false WHERE id = %s", "User inactive"),
        ("DELETE FROM users_token WHERE user_id = %s", "Invalid token"),
        ("DELETE FROM users_user WHERE id = %s", "Invalid token"),
    ],
)
def test_a_change_counts_from_the_next_request_on_in_every_worker(each_worker, by_token, accounts, change, detail):
    user, ask = by_token
    assert all(reply.status_code == 200 for reply in each_worker(ask))
    accounts(change, user)
    assert {refused(reply) for reply in each_worker(ask)} == {detail}


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ("UPDATE users_token SET write_enabled = false WHERE user_id = %s", "write", False),
        ("UPDATE users_user SET is_superuser = true WHERE id = %s", "superuser", True),
        ("DELETE FROM users_user_groups WHERE owner_id = %s", "permissions", ["dcim.add_site", "dcim.change_site"]),
    ],
)
def test_what_somebody_may_changes_in_every_worker(each_worker, by_token, accounts, change, name, value):
    user, ask = by_token
    assert all(reply.json()["identity"][name] != value for reply in each_worker(ask))
    accounts(change, user)
    assert [reply.json()["identity"][name] for reply in each_worker(ask)] == [value] * WORKERS


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM users_session WHERE user_id = %s",
        "UPDATE users_session SET expires = now() WHERE user_id = %s",
        "UPDATE users_user SET is_active = false WHERE id = %s",
        "DELETE FROM users_user WHERE id = %s",
    ],
)
def test_a_session_ends_in_every_worker(stack, each_worker, member, accounts, change):
    user, _ = member
    accounts("UPDATE users_user SET password_hash = %s WHERE id = %s", PasswordHasher().hash("correct horse"), user)
    person = Person(stack.url)
    name = accounts("SELECT username FROM users_user WHERE id = %s", user).scalar()
    assert person.log_in(name, "correct horse").status_code == 303
    cookies = person.session.cookies.get_dict()

    def ask():
        return requests.get(f"{stack.url}/api/dcim/sites/", cookies=cookies).json()["identity"]

    assert {(seen["user_id"], seen["by_cookie"]) for seen in each_worker(ask)} == {(user, True)}
    accounts(change, user)
    assert {seen["user_id"] for seen in each_worker(ask)} == {None}


def test_a_token_that_expires_later_is_good(ask, member, accounts):
    accounts("UPDATE users_token SET expires = now() + interval '1 hour' WHERE user_id = %s", member[0])
    assert ask(f"Token {member[1]}").status_code == 200


def test_database_connections_that_were_cut_are_replaced(ask, member, accounts):
    ask(f"Token {member[1]}")
    accounts(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    for _ in range(8):
        assert ask(f"Token {member[1]}").status_code == 200


@pytest.fixture
def another(environment, stack):
    """Another gateway with other settings; its URL."""
    started = []

    def start(**changed):
        port = free_port()
        started.append(gunicorn("gateway.app:app", port, {**environment, **changed}))
        wait_for(port)
        return f"http://127.0.0.1:{port}"

    yield start
    for process in started:
        process.terminate()
        process.wait()


def test_without_its_database_the_gateway_serves_anonymous_readers_only(another):
    url = another(PATCHBAY_GATEWAY_DATABASE_URL=f"postgresql+psycopg2://nobody@127.0.0.1:{free_port()}/none")
    assert requests.get(f"{url}/api/dcim/sites/").status_code == 200
    reply = requests.get(f"{url}/api/dcim/sites/", headers={"Authorization": f"Token {new_key()}"})
    assert reply.status_code == 503 and reply.headers["Retry-After"] and reply.json()["detail"]
    assert requests.get(f"{url}/readyz").status_code == 503 and requests.get(f"{url}/healthz").status_code == 200


def test_login_required_leaves_roots_and_documentation_public(another, member):
    url = another(LOGIN_REQUIRED="true")
    for path in ("/api/", "/api/dcim/", "/healthz"):
        assert requests.get(url + path).status_code == 200
    for path in ("/api/dcim/sites/", "/api/ipam/_choices/", "/api/status/", "/media/a.png"):
        assert refused(requests.get(url + path)) == "Authentication credentials were not provided."
        assert requests.get(url + path, headers={"Authorization": f"Token {member[1]}"}).status_code == 200
    for accept in ("application/json", "text/html"):
        for path in ("/api/dcim/sites/", "/api/search/"):
            assert requests.options(url + path, headers={"Accept": accept}).status_code == 403, (path, accept)


@pytest.fixture
def nobody(accounts):
    """No users at all."""
    accounts("TRUNCATE users_user RESTART IDENTITY CASCADE")


def test_the_first_start_makes_one_superuser_even_when_started_often_at_once(nobody, accounts, accounts_url, ask):
    with ThreadPoolExecutor(4) as pool:
        made = [pair for pair in pool.map(lambda _: ensure_admin(accounts_url), range(4)) if pair != (None, None)]
    ((password, token),) = made
    identity = ask(f"Token {token}").json()["identity"]
    assert (identity["user_id"], identity["username"], identity["superuser"]) == (1, "admin", True)
    stored = accounts("SELECT password_hash FROM users_user").scalar()
    assert password not in stored and PasswordHasher().verify(stored, password)
    assert accounts("SELECT digest FROM users_token").scalar() == digest(token)
    assert accounts("INSERT INTO users_user (username, password_hash) VALUES ('b', 'x') RETURNING id").scalar() == 2


def test_a_preset_token_is_used_and_a_malformed_one_refused_unrepeated(nobody, accounts_url, ask):
    with pytest.raises(ValueError, match="40 hexadecimal digits") as error:
        ensure_admin(accounts_url, "hunter2")
    assert "hunter2" not in str(error.value)
    assert ensure_admin(accounts_url, "a" * 40)[1] == "a" * 40
    assert ask("Token " + "a" * 40).json()["identity"]["superuser"] is True
