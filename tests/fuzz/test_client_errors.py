"""What is the client's mistake is answered as such: one test for each kind that was once an error of ours."""

import pytest

from tests.fuzz.raw import ask

PAGE = (b"Accept", b"text/html")
NO_TEXT = (b"Cookie", b"patchbay_session=\xff\xfe; session_key=\xff")


@pytest.fixture(scope="module")
def send(stack):
    """Sends a raw request as the superuser; its status."""
    token = (b"Authorization", b"Token " + stack.token.encode())
    return lambda target, *headers, method=b"GET": ask(stack.base_url, method, target, [token, *headers]).status


@pytest.mark.parametrize("headers", [(NO_TEXT,), (NO_TEXT, PAGE)])
@pytest.mark.parametrize("target", [b"/api/", b"/api/dcim/sites/", b"/api/secrets/secret-roles/", b"/admin/"])
def test_cookies_that_are_no_text_are_not_ours(send, target, headers):
    assert send(target, *headers) in (200, 303)
    assert send(b"/media/nowhere.png", *headers) == 404


@pytest.mark.parametrize(
    "host",
    [b"a b", b"<script>", b"1.2.3.4:", b"a_b", b"evil.example:99999", b"evil.example:0", b"\xff", b"[::1", b"9" * 5000],
)
@pytest.mark.parametrize("accept", [PAGE, (b"Accept", b"application/json")])
@pytest.mark.parametrize("target", [b"/api/", b"/api/dcim/sites/", b"/admin/login/", b"/api/nowhere/"])
def test_what_is_no_host_is_refused(send, target, accept, host):
    assert send(target, accept, (b"Host", host)) == 400


@pytest.mark.parametrize("offset", [b"%C2%B2", b"9" * 5000, b"-1", b"%D9%A3", b"1e3", b"%00"])
@pytest.mark.parametrize("name", [b"offset", b"limit"])
def test_places_in_a_list_that_are_none_count_as_not_said(send, name, offset):
    assert send(b"/api/dcim/sites/?%b=%b" % (name, offset)) == 200
    assert send(b"/api/dcim/sites/?%b=%b" % (name, offset), PAGE) == 200


@pytest.mark.parametrize(
    "path",
    [
        b"extras/reports",
        b"dcim/_choices",
        b"users/permissions",
        b"secrets/generate-rsa-key-pair",
        b"dcim/connected-device",
        b"search",
        b"nowhere",
        b"dcim",
    ],
)
def test_only_lists_of_objects_have_options(send, path):
    assert send(b"/options/api/%b/?x=a" % path) == 404
    assert send(b"/options/api/dcim/sites/?x=a") == 200


@pytest.mark.parametrize("text", ["\0", "a\0b", " \0"])
def test_nothing_is_found_that_cannot_be_stored(api, text):
    status, found = api.get("search/", q=text)
    assert status == 200 and not found["results"] and not found["unavailable"]


@pytest.mark.parametrize("path", ["dcim/regions/", "extras/image-attachments/", "users/tokens/provision/"])
@pytest.mark.parametrize("media", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; x=y"])
def test_a_form_without_a_boundary_is_refused(api, path, media):
    status, reply = api.call("POST", path, data=b"name=a&slug=a", headers={"Content-Type": media})
    assert status == 400 and "Form parse error" in reply["detail"]


def test_a_form_that_cannot_be_read_changes_nothing(api):
    region = api.make("dcim/regions/", name="Unreadable", slug="unreadable")
    path = f"dcim/regions/{region['id']}/"
    for body in (b"", b"--x", b"no part of it", b"--x\r\nContent-Disposition: form-data; name=name\r\n\r\ncut off"):
        status, reply = api.call("PATCH", path, data=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
        assert status == 400, (body, reply)
