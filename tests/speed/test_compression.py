"""Long replies are compressed for who can read it, and what must not be is not."""

import gzip

import pytest

LONG = "/api/schema/"


def ask(api, path: str, coding: str = "gzip"):
    """The reply as it came over the wire."""
    reply = api.session.get(api.base_url + path, headers={"Accept-Encoding": coding}, stream=True, timeout=60)
    return reply, reply.raw.read(decode_content=False)


@pytest.fixture(scope="module")
def long_list(api) -> str:
    for number in range(20):
        api.post("tenancy/tenants/", {"name": f"Long {number}", "slug": f"long-{number}", "comments": "x" * 1000})
    return "/api/tenancy/tenants/"


def test_a_long_list_is_the_same_in_gzip(api, long_list):
    packed, body = ask(api, long_list)
    plain, text = ask(api, long_list, "identity")
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert int(packed.headers["Content-Length"]) == len(body) < len(text)
    assert gzip.decompress(body) == text


def test_a_reply_that_streams_is_the_same_in_gzip(api):
    packed, body = ask(api, LONG)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == ask(api, LONG, "identity")[1]


def test_caches_are_told(api, long_list):
    for coding in ("gzip", "identity"):
        assert "Accept-Encoding" in ask(api, long_list, coding)[0].headers["Vary"]


@pytest.mark.parametrize("coding", ["gzip;q=0", "br", ""])
def test_only_who_takes_gzip_gets_it(api, long_list, coding):
    assert "Content-Encoding" not in ask(api, long_list, coding)[0].headers


def test_a_kept_list_is_still_recognised(api, long_list):
    known = ask(api, long_list)[0].headers["ETag"]
    reply = api.session.get(api.base_url + long_list, headers={"If-None-Match": known}, timeout=60)
    assert (reply.status_code, reply.content) == (304, b"")


def test_an_object_with_a_strong_tag_keeps_its_bytes(api):
    made = api.make("tenancy/tenants/", name="Strong", slug="strong", comments="x" * 5000)
    reply = ask(api, f"/api/tenancy/tenants/{made['id']}/")[0]
    assert "Content-Encoding" not in reply.headers and not reply.headers["ETag"].startswith("W/")


def test_the_length_of_a_secret_is_not_told(api):
    assert "Content-Encoding" not in ask(api, "/api/users/permissions/")[0].headers
