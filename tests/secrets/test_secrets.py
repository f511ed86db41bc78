"""Secrets end to end: who may make them, who reads them, and what is refused."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from tests.factories import Factory
from tests.running import eventually

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
SECRET_PERMISSIONS = ("secrets.add_secret", "secrets.change_secret", "secrets.add_secretrole")


@pytest.fixture
def make_role(api):
    def make(*users: int, **given) -> int:
        name = f"role-{uuid.uuid4().hex}"
        return api.make("secrets/secret-roles/", name=name, slug=name, users=[*users], **given)["id"]

    return make


@pytest.fixture
def secret(master, device, make_role):
    """(role, secret) of the superuser, that nobody else may read."""
    role = make_role()
    made = master.make("secrets/secrets/", device=device, role=role, name="root", plaintext="hunter2")
    return role, made["id"]


def plaintext(reader, pk: int):
    status, reply = reader.get(f"secrets/secrets/{pk}/")
    assert status == 200, reply
    return reply["plaintext"]


def test_a_new_user_keeps_a_secret(activated, make_role, device):
    user = activated(*SECRET_PERMISSIONS)
    role = make_role(user.user["id"])
    made = user.make("secrets/secrets/", device=device, role=role, name="enable", plaintext=" s3cret ")
    assert made["plaintext"] == "s3cret" and made["hash"].startswith("pbkdf2_sha256$1000$")
    assert plaintext(user, made["id"]) == "s3cret"
    assert user.results("secrets/secrets/", role_id=role)[0]["plaintext"] == "s3cret"
    user.lock()
    assert plaintext(user, made["id"]) is None


def test_the_key_that_was_asked_for_is_the_one_that_is_kept(activated):
    user = activated()
    first = user.unlock()
    assert user.unlock(preserve_key="false") == first
    form = user.session.post(
        f"{user.base_url}/api/secrets/get-session-key/?preserve_key=1", data={"private_key": user.pair["private_key"]}
    )
    assert form.json() == {"session_key": first} and form.headers["Cache-Control"] == "no-store"
    assert user.unlock() != first
    user.session.headers["X-Session-Key"] = first
    assert user.get("secrets/secrets/")[0] == 400


def test_the_cookie_is_as_good_as_the_header_and_comes_first(activated, make_role, master, device):
    user = activated()
    role = make_role(user.user["id"])
    made = master.make("secrets/secrets/", device=device, role=role, plaintext="x")
    key = user.session.headers["X-Session-Key"]
    user.session.headers["X-Session-Key"] = "garbled"
    reply = user.request("GET", f"secrets/secrets/{made['id']}/", cookies={"session_key": key})
    assert reply.json()["plaintext"] == "x"


def test_members_of_the_role_and_of_its_groups_read_it_and_nobody_else(api, activated, make_user, make_role, device):
    group = api.make("users/groups/", name=f"group-{id(device)}-{id(api)}")["id"]
    member, grouped, stranger = activated(*SECRET_PERMISSIONS), activated(groups=[group]), activated()
    role = make_role(member.user["id"], groups=[group])
    pk = member.make("secrets/secrets/", device=device, role=role, plaintext="x")["id"]
    assert [plaintext(each, pk) for each in (member, grouped, stranger, make_user())] == ["x", "x", None, None]
    api.patch(f"users/users/{grouped.user['id']}/", {"groups": []})
    api.patch(f"secrets/secret-roles/{role}/", {"users": []})
    assert [plaintext(each, pk) for each in (member, grouped)] == [None, None]


def test_what_is_shown_of_a_secret_changes_nothing_about_who_may_read_it(member_and_stranger):
    member, stranger, pk = member_and_stranger
    for asked in ({"fields": "plaintext"}, {"omit": "id,url,device,role,name,hash,created,last_updated"}):
        assert member.results("secrets/secrets/", id=pk, **asked) == [{"plaintext": "x"}]
        assert stranger.results("secrets/secrets/", id=pk, **asked) == [{"plaintext": None}]
    assert stranger.get("secrets/secrets/", ordering="plaintext")[0] == 400


@pytest.fixture
def member_and_stranger(activated, make_role, device):
    """Who may read a secret, who may not, and its id."""
    member, stranger = activated(*SECRET_PERMISSIONS), activated()
    role = make_role(member.user["id"])
    return member, stranger, member.make("secrets/secrets/", device=device, role=role, plaintext="x")["id"]


def test_a_secret_is_not_moved_to_a_role_of_its_thief(activated, secret, make_role):
    _, pk = secret
    thief = activated(*SECRET_PERMISSIONS)
    status, reply = thief.patch(f"secrets/secrets/{pk}/", {"role": make_role(thief.user["id"])})
    assert status == 400 and reply["role"]
    assert plaintext(thief, pk) is None


def test_anonymous_users_see_no_secrets_at_all(api, secret):
    for path in ("secrets", f"secrets/{secret[1]}", "secret-roles", "user-keys", "session-keys"):
        assert requests.get(f"{api.base_url}/api/secrets/{path}/").status_code == 403
    for path in ("get-session-key", "generate-rsa-key-pair"):
        assert requests.post(f"{api.base_url}/api/secrets/{path}/", json={}).status_code == 403


@pytest.mark.parametrize("key", ["", "x", "AAAA", "A" * 44, "é", "=" * 8, "A" * 7000, "AAA"])
def test_a_session_key_that_is_none_is_refused_whatever_it_is_for(make_user, activated, secret, key):
    permissions = ("secrets.add_secret", "secrets.delete_secret")
    for user in (make_user(*permissions), activated(*permissions)):
        user.session.headers["X-Session-Key"] = key.encode()
        refused = key != ""
        for verb, path in (("GET", ""), ("GET", f"{secret[1]}/")):
            status, reply = user.call(verb, f"secrets/secrets/{path}")
            assert status == (400 if refused else 200)
            assert list(reply) == ["detail"] or not refused
        if refused:
            assert user.delete(f"secrets/secrets/{secret[1]}/")[0] == 400
            assert [list(user.post("secrets/secrets/", body)[1]) for body in ([], {})] == [["detail"]] * 2


def test_a_reply_with_plaintexts_is_stored_nowhere_on_its_way(master, secret):
    for path in ("secrets/secrets/", f"secrets/secrets/{secret[1]}/"):
        assert master.request("GET", path).headers["Cache-Control"] == "no-store"


def test_a_key_does_not_go_while_a_secret_is_written_with_it(stack, activated, make_role, device):
    user = activated(*SECRET_PERMISSIONS)
    body = {"device": device, "role": make_role(), "plaintext": "x"}
    engine = create_engine(stack.database_url("secrets"))
    with ThreadPoolExecutor() as pool, engine.begin() as connection:
        owned = {"user": user.user["id"]}
        connection.execute(text("SELECT 1 FROM secrets_userkey WHERE user_id = :user FOR UPDATE"), owned)
        writing = pool.submit(user.post, "secrets/secrets/", body)
        eventually(lambda: connection.scalar(text(WAITING)), "the write waits for the key")
        connection.execute(text("DELETE FROM secrets_userkey WHERE user_id = :user"), owned)
        connection.commit()
        assert writing.result() == (400, {"detail": "The session key is invalid."})
    engine.dispose()


def test_somebody_elses_session_key_is_refused(activated, make_user):
    first, second = activated(), activated()
    for other in (second, make_user()):
        other.session.headers["X-Session-Key"] = first.session.headers["X-Session-Key"]
        assert other.get("secrets/secrets/")[0] == 400


def test_writing_needs_a_session_key_only_for_plaintext(master, secret, make_user):
    _, pk = secret
    writer = make_user(*SECRET_PERMISSIONS)
    assert writer.patch(f"secrets/secrets/{pk}/", {"name": "renamed"})[1]["plaintext"] is None
    assert writer.patch(f"secrets/secrets/{pk}/", {"plaintext": "x"})[0] == 400
    assert plaintext(master, pk) == "hunter2"
    stored = master.get(f"secrets/secrets/{pk}/")[1]
    body = {"device": stored["device"]["id"], "role": stored["role"]["id"]}
    assert "plaintext" in master.put(f"secrets/secrets/{pk}/", body)[1]


def test_two_unnamed_secrets_of_a_device_and_role_clash(master, device, make_role):
    role = make_role()
    items = [{"device": device, "role": role, "plaintext": text} for text in "ab"]
    status, reply = master.post("secrets/secrets/", items)
    assert status == 400 and reply[0] == {} and reply[1]["non_field_errors"]
    assert master.post("secrets/secrets/", items[0])[0] == 201
    assert master.post("secrets/secrets/", items[1])[0] == 400


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(length=st.one_of(st.integers(1, 700), st.sampled_from([127, 128, 255, 256, 65534, 65535])))
def test_every_length_is_read_as_it_was_written(master, secret, length):
    text = ("é" * (length // 2) + "x" * (length % 2)) if length > 1 else "x"
    assert master.patch(f"secrets/secrets/{secret[1]}/", {"plaintext": text})[0] == 200
    assert plaintext(master, secret[1]) == text


def test_more_than_the_format_can_count_is_refused(master, secret):
    status, reply = master.patch(f"secrets/secrets/{secret[1]}/", {"plaintext": "é" * 32768})
    assert status == 400 and list(reply) == ["plaintext"]
    assert plaintext(master, secret[1]) == "hunter2"


def test_secrets_go_with_their_device_and_keep_their_role(api, master, make_role):
    device, role = Factory(api).make("dcim.device")["id"], make_role()
    pk = master.make("secrets/secrets/", device=device, role=role, plaintext="x")["id"]
    status, reply = api.delete(f"secrets/secret-roles/{role}/")
    assert status == 409 and reply["dependents"][0]["id"] == pk
    assert api.delete(f"dcim/devices/{device}/")[0] == 204
    assert master.get(f"secrets/secrets/{pk}/")[0] == 404


def test_what_is_read_can_be_written_without_reading_the_plaintext(activated, make_role, device):
    user = activated(*SECRET_PERMISSIONS)
    made = user.make("secrets/secrets/", device=device, role=make_role(user.user["id"]), plaintext="x")
    path = f"secrets/secrets/{made['id']}/"
    key = user.session.headers.pop("X-Session-Key")
    read = user.get(path)[1]
    for write in (user.put, user.patch):
        status, reply = write(path, read)
        assert (read["plaintext"], status) == (None, 200), reply
    user.session.headers["X-Session-Key"] = key
    assert user.get(path)[1]["plaintext"] == "x"
    assert user.put(path, user.get(path)[1])[1]["plaintext"] == "x"
    body = {"device": device, "role": read["role"], "name": "other", "plaintext": None}
    status, reply = user.post("secrets/secrets/", body)
    assert (status, list(reply)) == (400, ["plaintext"])


def test_an_undo_brings_back_all_but_what_is_secret(master, make_role, device):
    def undone(reply):
        assert reply.status_code < 300, reply.text
        asked = {"request_id": reply.headers["X-Request-ID"]}
        status, said = master.post("extras/object-changes/revert/", asked)
        return status, [(each["field"], each["detail"]) for each in said["conflicts"]]

    role = make_role()
    made = master.request(
        "POST", "secrets/secrets/", {"device": device, "role": role, "name": "undone", "plaintext": "one"}
    )
    path = f"secrets/secrets/{made.json()['id']}/"
    assert undone(master.request("PATCH", path, {"name": "renamed"})) == (200, [])
    assert master.get(path)[1]["name"] == "undone"
    assert undone(master.request("PATCH", path, {"plaintext": "two"})) == (
        409,
        [("", "What its hash was is kept nowhere.")],
    )
    assert master.get(path)[1]["plaintext"] == "two"
    assert undone(master.request("DELETE", path)) == (409, [("plaintext", "What its plaintext was is kept nowhere.")])
    assert master.get(path)[0] == 404
