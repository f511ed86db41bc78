"""Secrets for who is logged in by a cookie and has no token: the session key is a cookie as well."""

import pytest

from tests.secrets.conftest import Keeper
from tests.web.conftest import Person

JSON = {"Accept": "application/json"}


@pytest.fixture
def browsing(activated) -> tuple[Keeper, Person]:
    """Somebody who can read secrets, with a token and in a browser."""
    keeper = activated("secrets.add_secret", "secrets.add_secretrole")
    person = Person(keeper.base_url)
    assert person.log_in(keeper.user["username"], "correct horse").status_code == 303
    return keeper, person


@pytest.fixture
def secret(browsing, api, device) -> str:
    """The path of a secret that the user may read."""
    keeper, _ = browsing
    name = f"browsed-{keeper.user['id']}"
    role = api.make("secrets/secret-roles/", name=name, slug=name, users=[keeper.user["id"]])["id"]
    return (
        f"/api/secrets/secrets/{keeper.make('secrets/secrets/', device=device, role=role, plaintext='s3cret')['id']}/"
    )


def unlock(keeper: Keeper, person: Person, **more: str):
    headers = JSON | {"X-CSRFToken": person.csrf("/admin/")} | more
    url = f"{person.base_url}/api/secrets/get-session-key/"
    return person.session.post(url, json={"private_key": keeper.pair["private_key"]}, headers=headers, timeout=60)


def plaintext(person: Person, path: str):
    return person.get(path, headers=JSON).json()["plaintext"]


def test_the_session_key_is_a_cookie_that_no_script_and_no_other_site_can_use(browsing, secret):
    keeper, person = browsing
    assert plaintext(person, secret) is None
    reply = unlock(keeper, person)
    assert reply.status_code == 200
    given = {part.strip().lower() for part in reply.headers["Set-Cookie"].split(";")}
    assert {"httponly", "samesite=strict", "path=/api/secrets/"} < given and "secure" not in given
    assert person.session.cookies["session_key"] == reply.json()["session_key"]
    assert plaintext(person, secret) == "s3cret"
    assert "s3cret" in person.get(secret).text


def test_secrets_are_unlocked_in_a_form(browsing, secret):
    keeper, person = browsing
    page = "/api/secrets/get-session-key/"
    assert person.send(page, _method="POST", private_key="nonsense").status_code == 400
    reply = person.send(page, _method="POST", private_key=keeper.pair["private_key"])
    assert reply.status_code == 303
    assert keeper.pair["private_key"] not in person.get("/api/secrets/").text
    assert plaintext(person, secret) == "s3cret"


def test_over_tls_it_is_for_tls_only(browsing):
    keeper, person = browsing
    assert "; Secure" in unlock(keeper, person, **{"X-Forwarded-Proto": "https"}).headers["Set-Cookie"]


def test_who_has_a_token_gets_no_cookie(browsing):
    keeper, _ = browsing
    reply = keeper.request("POST", "secrets/get-session-key/", {"private_key": keeper.pair["private_key"]})
    assert reply.status_code == 200 and "Set-Cookie" not in reply.headers


def test_logging_out_takes_both_cookies_and_a_copy_of_them_opens_nothing(browsing, secret):
    keeper, person = browsing
    unlock(keeper, person)
    copy = Person(person.base_url)
    copy.session.cookies.update(person.session.cookies)
    assert plaintext(copy, secret) == "s3cret"
    person.send("/admin/logout/", page="/admin/")
    assert "session_key" not in person.session.cookies
    assert copy.get(secret, headers=JSON).status_code == 403
