"""Headers, query strings and bodies that no document would suggest."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.conftest import BOUNDED, hold

MORE = settings(BOUNDED, max_examples=25)
PATHS = (
    "dcim/sites/",
    "dcim/devices/",
    "ipam/prefixes/",
    "circuits/circuits/",
    "tenancy/tenants/",
    "extras/config-contexts/",
    "extras/image-attachments/",
    "secrets/user-keys/",
    "secrets/get-session-key/",
    "users/users/",
    "users/tokens/provision/",
)
HEADERS = (
    "Authorization",
    "Content-Type",
    "Accept",
    "Cookie",
    "X-Session-Key",
    "If-None-Match",
    "Range",
    "Origin",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Request-ID",
    "X-HTTP-Method-Override",
    "X-Patchbay-Identity",
    "Expect",
)
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60).map(lambda text: text.encode("latin-1"))
VALUES = st.one_of(
    TEXT, st.sampled_from([b"Token ", b"application/json", b"multipart/form-data; boundary=", b"bytes=-1"])
)
NAMES = st.sampled_from(["name", "slug", "id", "username", "password", "site", "tags", "custom_fields"]) | st.text(
    max_size=9
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=12,
)
TYPES = st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""]
)


@pytest.mark.parametrize("path", PATHS)
def test_no_header_harms(fuzzed, path):
    @MORE
    @given(headers=st.dictionaries(st.sampled_from(HEADERS), VALUES.filter(_is_header), max_size=5))
    def ask(headers):
        hold(fuzzed.request("GET", path, headers=headers))

    ask()


def _is_header(value: bytes) -> bool:
    """What requests is willing to send."""
    return value == value.strip() and b"\x7f" not in value


@pytest.mark.parametrize("path", PATHS)
def test_no_query_harms(fuzzed, path):
    @MORE
    @given(query=st.dictionaries(NAMES | st.sampled_from(["limit", "offset", "q", "id__in"]), st.text(max_size=30)))
    def ask(query):
        hold(fuzzed.request("GET", path, params=query))

    ask()


@pytest.mark.parametrize("path", PATHS)
def test_no_body_harms(fuzzed, path):
    @MORE
    @given(body=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=300), media=TYPES)
    def ask(body, media):
        hold(fuzzed.request("POST", path, data=body, headers={"Content-Type": media}))

    ask()


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 50_000, b"9" * 100_000, b'{"name": "\\ud800"}', b'"\\u0000"']
)
def test_what_breaks_parsers_is_refused(fuzzed, body):
    for path in PATHS:
        reply = fuzzed.request("POST", path, data=body, headers={"Content-Type": "application/json"})
        hold(reply)
        assert reply.status_code >= 400
