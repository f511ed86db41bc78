"""Logging in and out, and what a session may do."""

import pytest

from tests.web.conftest import PASSWORD, Person


def test_the_cookie_is_for_no_script_and_no_other_site(somebody, administrator):
    cookie = somebody.log_in(administrator).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_wrong_password_is_refused(somebody, administrator):
    assert somebody.log_in(administrator, "wrong").status_code == 403
    assert somebody.get("/admin/", allow_redirects=False).status_code == 303


def test_a_login_that_another_site_sends_is_refused(somebody, administrator):
    reply = somebody.session.post(
        f"{somebody.base_url}/admin/login/", data={"username": administrator, "password": PASSWORD}, timeout=60
    )
    assert reply.status_code == 403


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "/\\evil.example/", "/%09/evil.example"]
)
def test_logging_in_leads_to_no_other_site(somebody, administrator, target):
    reply = somebody.send("/admin/login/", username=administrator, password=PASSWORD, next=target)
    assert reply.headers["Location"].startswith("/") and not reply.headers["Location"].startswith("//")


def test_the_api_takes_a_session_and_unsafe_verbs_need_the_csrf_token(person):
    url = f"{person.base_url}/api/dcim/regions/"
    body = {"name": "By session", "slug": "by-session"}
    plain = {"Accept": "application/json"}
    assert person.session.post(url, json=body, headers=plain, timeout=60).status_code == 403
    wrong = plain | {"X-CSRFToken": "guessed"}
    assert person.session.post(url, json=body, headers=wrong, timeout=60).status_code == 403
    right = plain | {"X-CSRFToken": person.csrf("/api/dcim/regions/")}
    assert person.session.post(url, json=body, headers=right, timeout=60).status_code == 201


def test_a_form_without_the_csrf_token_changes_nothing(person, api):
    data = {"_method": "POST", "name": "Forged", "slug": "forged"}
    assert person.session.post(f"{person.base_url}/api/dcim/regions/", data=data, timeout=60).status_code == 403
    assert api.results("dcim/regions/", slug="forged") == []


def test_deactivation_and_a_new_password_end_the_session(api, stack):
    user = api.make("users/users/", username="leaving", password=PASSWORD)
    visitor = Person(stack.base_url)
    visitor.log_in("leaving")
    assert visitor.get("/admin/", allow_redirects=False).status_code == 200
    api.patch(f"users/users/{user['id']}/", {"is_active": False})
    assert visitor.get("/admin/", allow_redirects=False).status_code == 303
    api.patch(f"users/users/{user['id']}/", {"is_active": True, "password": PASSWORD + "!"})
    assert visitor.get("/admin/", allow_redirects=False).status_code == 303


def test_logging_out_ends_the_session_whoever_kept_a_copy_of_its_cookie(person, administrator):
    copies = [Person(person.base_url) for _ in range(8)]
    elsewhere = Person(person.base_url)
    elsewhere.log_in(administrator)
    for copy in copies:
        copy.session.cookies.update(person.session.cookies)
        assert copy.get("/admin/", allow_redirects=False).status_code == 200
    person.send("/admin/logout/", page="/admin/")
    assert person.get("/admin/", allow_redirects=False).status_code == 303
    for copy in copies:
        assert copy.get("/admin/", allow_redirects=False).status_code == 303
        assert copy.get("/api/users/users/", headers={"Accept": "application/json"}).status_code == 403
    assert elsewhere.get("/admin/", allow_redirects=False).status_code == 200


def test_somebody_without_permission_gets_no_forms_and_is_refused(api, stack):
    api.make("users/users/", username="reader", password=PASSWORD)
    reader = Person(stack.base_url)
    reader.log_in("reader")
    assert 'name="_method"' not in reader.get("/api/dcim/regions/").text
    reply = reader.send("/api/dcim/regions/", _method="POST", name="Refused", slug="refused")
    assert reply.status_code == 403
