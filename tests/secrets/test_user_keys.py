"""User keys: everybody's own, useless until somebody who can read secrets activates them."""

import pytest

from services.secrets.crypto import generate_key_pair


def test_a_later_key_is_inactive_until_it_is_activated(make_user, master):
    user = make_user()
    key = user.make_key()
    assert key["user"] == user.user["id"] and key["is_active"] is False
    body = {"private_key": user.pair["private_key"]}
    assert user.post("secrets/get-session-key/", body)[0] == 400
    assert user.post(f"secrets/user-keys/{key['id']}/activate/", body)[0] == 403
    assert master.post(f"secrets/user-keys/{key['id']}/activate/", body)[0] == 400
    status, reply = master.post(f"secrets/user-keys/{key['id']}/activate/", {"private_key": master.pair["private_key"]})
    assert (status, reply["is_active"]) == (200, True)
    assert user.post("secrets/get-session-key/", body)[0] == 200


def test_who_may_activate_needs_an_active_key_too(activated, make_user):
    key = make_user().make_key()
    helper, pretender = activated("secrets.activate_userkey"), make_user("secrets.activate_userkey")
    pretender.make_key()
    path = f"secrets/user-keys/{key['id']}/activate/"
    assert pretender.post(path, {"private_key": pretender.pair["private_key"]})[0] == 400
    assert helper.post(path, {"private_key": helper.pair["private_key"]})[1]["is_active"] is True


def test_a_changed_key_has_to_be_activated_anew(activated):
    user = activated()
    key = user.results("secrets/user-keys/")[0]
    status, reply = user.patch(f"secrets/user-keys/{key['id']}/", {"public_key": generate_key_pair()[1]})
    assert (status, reply["is_active"]) == (200, False)
    assert user.get("secrets/secrets/")[0] == 400  # its session ended with its key


def test_the_last_active_key_stays_while_there_are_secrets(api, master, device):
    role = api.make("secrets/secret-roles/", name="Kept", slug="kept")["id"]
    master.make("secrets/secrets/", device=device, role=role, plaintext="x")
    own = master.results("secrets/user-keys/", user_id=1)[0]["id"]
    others = [each["id"] for each in master.results("secrets/user-keys/", limit=0) if each["id"] != own]
    assert all(master.delete(f"secrets/user-keys/{pk}/")[0] == 204 for pk in others)
    assert master.delete(f"secrets/user-keys/{own}/")[0] == 409
    status, reply = master.patch(f"secrets/user-keys/{own}/", {"public_key": generate_key_pair()[1]})
    assert status == 400 and list(reply) == ["public_key"]


def test_a_user_has_one_key_of_its_own_and_sees_no_other(make_user, master):
    user, other = make_user(), make_user()
    key, foreign = user.make_key(), other.make_key()
    assert list(user.post("secrets/user-keys/", {"public_key": user.pair["public_key"]})[1]) == ["user"]
    body = {"user": other.user["id"], "public_key": user.pair["public_key"]}
    assert list(user.post("secrets/user-keys/", body)[1]) == ["user"]
    assert [each["id"] for each in user.results("secrets/user-keys/")] == [key["id"]]
    for verb in ("GET", "PATCH", "DELETE"):
        assert user.call(verb, f"secrets/user-keys/{foreign['id']}/", {})[0] == 404


@pytest.mark.parametrize("pem", ["", "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", 5, None, []])
def test_what_is_no_public_key_is_refused(make_user, pem):
    status, reply = make_user().post("secrets/user-keys/", {"public_key": pem})
    assert status == 400 and list(reply) == ["public_key"]


def test_a_private_key_sent_by_mistake_is_not_stored(make_user):
    user = make_user()
    private, _ = generate_key_pair()
    status, reply = user.post("secrets/user-keys/", {"public_key": private})
    assert status == 400 and private[40:90] not in str(reply)


def test_keys_and_sessions_go_with_their_user(api, activated):
    user = activated()
    assert user.results("secrets/session-keys/")
    assert api.delete(f"users/users/{user.user['id']}/")[0] == 204
    assert not api.results("secrets/user-keys/", user_id=user.user["id"])


def test_a_user_ends_its_session(activated):
    user = activated()
    (session,) = user.results("secrets/session-keys/")
    assert "hash" not in session and "cipher" not in session
    assert user.delete(f"secrets/session-keys/{session['id']}/")[0] == 204
    assert user.get("secrets/secrets/")[0] == 400
