"""What a service receives, and what comes back to the client."""

import hashlib
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.config import version_of
from shared.security.identity import HEADER
from tests.gateway.conftest import LIMIT


def test_a_request_arrives_whole(client):
    reply = client("POST", "/api/dcim/sites/?name=a%2Bb&q=%C3%A9&x", json={"name": "é"})
    seen = reply.json()
    assert (seen["service"], seen["method"], seen["path"]) == ("dcim", "POST", "/api/dcim/sites/")
    assert seen["query"] == "name=a%2Bb&q=%C3%A9&x"
    assert seen["content_type"] == "application/json" and seen["length"] == 18


def test_escaped_paths_arrive_as_they_were_decided_on(client):
    seen = client("GET", "/api/ipam/prefixes/10.0.0.0%2F8/%C3%A9%20x%3Fy/").json()
    assert (seen["path"], seen["query"]) == ("/api/ipam/prefixes/10.0.0.0/8/é x?y/", "")
    assert seen["identity"] is not None


@pytest.mark.parametrize("path", ["/api/dcim/sites/", "/api/users/"])
def test_however_a_query_is_spelled_its_signature_fits(raw, path):
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(st.text("%2f2Fz'[]|\"<>&=+;#~\\^`{}", max_size=12).map(str.encode))
    def ask(query):
        head = b"GET " + path.encode() + b"?" + query + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        reply = raw(head)
        assert reply.startswith(b"HTTP/1.1 200 ") and b'"identity": null' not in reply

    ask()


def test_the_identity_fits_this_request_only_and_a_client_cannot_send_one(client):
    seen = client("GET", "/api/dcim/sites/", headers={HEADER: "mine", "X-Patchbay-Service": "ipam"}).json()
    assert seen["identity"]["user_id"] is None and seen["headers"]["x-patchbay-identity"] != "mine"
    assert "x-patchbay-service" not in seen["headers"]


def test_what_opens_secrets_goes_to_no_other_service(client):
    headers = {"Cookie": "session_key=abc; other=1", "X-Session-Key": "abc", "X-Kept": "1"}
    seen = client("GET", "/api/dcim/sites/", headers=headers).json()["headers"]
    assert not {"cookie", "x-session-key"} & seen.keys() and seen["x-kept"] == "1"


def test_a_header_spelled_with_underscores_does_not_pass_for_ours(raw):
    reply = raw(b"GET /api/dcim/a/ HTTP/1.1\r\nHost: a\r\nX_Patchbay_Service: ipam\r\nConnection: close\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 200") and b"x-patchbay-service" not in reply


def test_hop_by_hop_headers_end_here_and_others_pass(client):
    headers = {
        "Connection": "close, X-Hop",
        "X-Hop": "1",
        "TE": "trailers",
        "X-Kept": "1",
        "Proxy-Connection": "x",
    }
    reply = client("GET", "/api/dcim/sites/", headers=headers)
    seen = reply.json()["headers"]
    assert seen["x-kept"] == "1" and not {"x-hop", "te", "proxy-connection"} & seen.keys()
    assert "Proxy-Authenticate" not in reply.headers and reply.headers["Allow"] == "GET, POST"
    assert reply.headers["Set-Cookie"] == "a=1, b=2"


def test_api_replies_carry_the_common_headers(client):
    for path in ("/api/dcim/sites/", "/api/", "/api/nothing/", "/api/circuits/"):
        headers = client("GET", path).headers
        assert headers["API-Version"] == "2.3" and headers["Vary"] == "Accept, Cookie, Origin"
        assert headers["X-Frame-Options"] == "SAMEORIGIN" and headers["X-Request-ID"]


def test_the_public_address_of_the_client_is_passed_on(client, stack):
    seen = client("GET", "/api/dcim/sites/").json()["headers"]
    assert seen["x-forwarded-host"] == f"127.0.0.1:{stack.port}" and seen["x-forwarded-proto"] == "http"
    assert seen["x-forwarded-for"] == "127.0.0.1"
    forwarded = {
        "X-Forwarded-Host": "netbox.example:8443",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Prefix": "/evil",
    }
    seen = client("GET", "/api/dcim/sites/", headers=forwarded).json()["headers"]
    assert seen["x-forwarded-host"] == "netbox.example:8443" and seen["x-forwarded-proto"] == "https"
    assert seen["x-forwarded-for"] == "127.0.0.1" and "x-forwarded-prefix" not in seen
    assert client("GET", "/api/", headers=forwarded).json()["dcim"] == "https://netbox.example:8443/api/dcim/"


def test_a_strange_forwarded_host_is_ignored_and_a_strange_host_refused(client, raw, stack):
    headers = {"X-Forwarded-Host": 'a"><script>', "X-Forwarded-Proto": "javascript"}
    seen = client("GET", "/api/dcim/sites/", headers=headers).json()["headers"]
    assert seen["x-forwarded-host"] == f"127.0.0.1:{stack.port}" and seen["x-forwarded-proto"] == "http"
    assert b" 400 " in raw(b"GET /api/dcim/ HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n").split(b"\r\n")[0]


@pytest.mark.parametrize(("given", "kept"), [("trace-1234.5", True), ("x" * 65, False), ("a b c d e f", False)])
def test_a_sane_request_id_is_kept_and_others_replaced(client, given, kept):
    reply = client("GET", "/api/dcim/sites/", headers={"X-Request-ID": given})
    assert reply.json()["headers"]["x-request-id"] == reply.headers["X-Request-ID"]
    assert (reply.headers["X-Request-ID"] == given) is kept
    assert kept or re.fullmatch("[0-9a-f]{32}", reply.headers["X-Request-ID"])


def test_a_trace_passes_and_what_is_none_does_not(client):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    seen = client("GET", "/api/dcim/sites/", headers={"traceparent": trace, "tracestate": "a=1"}).json()["headers"]
    assert (seen["traceparent"], seen["tracestate"]) == (trace, "a=1")
    seen = client("GET", "/api/dcim/sites/", headers={"traceparent": trace[:-3], "tracestate": "a=1"}).json()["headers"]
    assert "traceparent" not in seen and "tracestate" not in seen


def test_the_api_root_lists_the_apps_in_order(client, stack):
    reply = client("GET", "/api/")
    apps = ["circuits", "dcim", "extras", "ipam", "secrets", "tenancy", "users", "virtualization"]
    assert list(reply.json().items()) == [(app, f"{stack.url}/api/{app}/") for app in apps]
    assert client("POST", "/api/").json() == {"detail": 'Method "POST" not allowed.'}
    assert client("GET", "/api").status_code == 308


@pytest.mark.parametrize("path", ["/", "/1/", ".json", ""])
def test_interfaces_of_machines_come_from_dcim(client, path):
    assert client("GET", f"/api/virtualization/interfaces{path}").json()["service"] == "dcim"
    assert client("GET", "/api/virtualization/interfaces-of/").status_code == 502


def test_media_comes_from_extras(client):
    seen = client("GET", "/media/image-attachments/a.png").json()
    assert seen["service"] == "extras" and seen["identity"] is not None


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "FOO"])
def test_every_verb_is_forwarded(client, method):
    reply = client(method, "/api/ipam/vrfs/")
    assert reply.status_code == 200 and int(reply.headers["Content-Length"]) > 0
    assert method == "HEAD" or reply.json()["method"] == method


def test_redirects_are_the_clients_to_follow(client):
    reply = client("GET", "/api/dcim/moved/")
    assert (reply.status_code, reply.headers["Location"], reply.content) == (308, "/api/elsewhere/", b"")


def test_a_long_reply_streams(client):
    reply = client("GET", "/api/dcim/stream/?200", stream=True)
    assert reply.headers["Transfer-Encoding"] == "chunked"
    assert sum(map(len, reply.iter_content(65536))) == 200 * 65536


def test_a_reply_given_up_by_the_client_harms_nobody(client):
    client("GET", "/api/dcim/stream/?2000", stream=True).close()
    assert client("GET", "/api/dcim/sites/").status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_up_to_the_limit_arrives_and_one_byte_more_is_413(client, chunked):
    body = bytes(range(256)) * (LIMIT // 256 + 1)
    send = (lambda data: iter([data[:70_000], data[70_000:]])) if chunked else (lambda data: data)
    seen = client("POST", "/api/dcim/sites/", data=send(body[:LIMIT])).json()
    assert seen["length"] == LIMIT and seen["sha256"] == hashlib.sha256(body[:LIMIT]).hexdigest()
    reply = client("POST", "/api/dcim/sites/", data=send(body[: LIMIT + 1]))
    assert reply.status_code == 413 and str(LIMIT) in reply.json()["detail"]


@pytest.mark.parametrize(
    "head", [b"Content-Length: 50\r\n\r\nshort", b"Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n"]
)
def test_a_body_that_ends_early_reaches_no_service(raw, head):
    reply = raw(b"POST /api/dcim/sites/ HTTP/1.1\r\nHost: a\r\n" + head)
    assert b"sha256" not in reply and b" 500 " not in reply


@pytest.mark.parametrize("chunk", [b"zz", b"5;" + b"x" * 70_000, b"-1"])
def test_a_body_whose_chunks_are_none_is_refused(raw, chunk):
    head = b"POST /api/dcim/sites/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    reply = raw(head + chunk + b"\r\nshort\r\n0\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 400") and b"could not be read" in reply


@pytest.mark.parametrize(
    "path",
    [
        "/api/dcim/../ipam/",
        "/api/dcim/%2e%2e/internal/dcim/claims",
        "/api/dcim/..%2f..%2finternal/dcim/",
        "/api/dcim/./sites/",
        "/api//dcim/sites/",
        "//api/dcim/sites/",
        "/api/dcim//internal/",
        "/api/dcim%2f%2e%2e%2f%2e%2e%2finternal/",
        "/api/dcim/..\\internal/",
        "/api/dcim/%5c..%5c/",
        "/api/dcim/%00/",
        "/api/dcim/%0d%0aX:%20y/",
        "/api/dcim/%ff/",
        "/media/../internal/extras/",
        "/media/%2e%2e/api/extras/",
        "/api/dcimx/",
        "/api/DCIM/sites/",
        "/api/internal/dcim/",
        "/sites/",
    ],
)
def test_misleading_and_unknown_paths_are_404(raw, path):
    reply = raw(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert reply.startswith(b"HTTP/1.1 404") and reply.endswith(b'{"detail":"Not found."}')


def test_a_path_escaped_twice_stays_in_its_service(client):
    seen = client("GET", "/api/dcim/%252e%252e/internal/").json()
    assert (seen["service"], seen["path"]) == ("dcim", "/api/dcim/%2e%2e/internal/")


def test_health_and_metrics(client):
    assert client("GET", "/healthz").json() == {"status": "ok", "version": version_of("users")}
    assert client("GET", "/readyz").json() == {"accounts": "ok", "apps_without_key": []}
    client("GET", "/api/ipam/vrfs/")
    text = client("GET", "/metrics").text
    assert re.search(
        r'patchbay_gateway_requests_total\{app="ipam",method="GET",status="2xx"\} [1-9]', text
    ) and re.search(r'patchbay_gateway_seconds_count\{app="ipam"\} [1-9]', text)


@pytest.mark.parametrize("header", ["SCRIPT_NAME: /api/dcim", "PATH_INFO: /internal/dcim/x", "Script-Name: /api/dcim"])
def test_no_header_moves_a_request_to_an_internal_path(raw, header):
    head = f"GET /api/dcim/internal/dcim/x HTTP/1.1\r\nHost: a\r\n{header}\r\nConnection: close\r\n\r\n"
    reply = raw(head.encode())
    assert b'"path": "/internal' not in reply
    assert reply.startswith((b"HTTP/1.1 403", b"HTTP/1.1 400")) or b'"path": "/api/dcim/internal/dcim/x"' in reply


def test_an_absolute_target_is_routed_by_its_path(raw):
    reply = raw(b"GET http://other.example/api/ipam/vrfs/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert b'"service": "ipam"' in reply or reply.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    "lines", ["Content-Length: 3\r\nTransfer-Encoding: chunked", "Content-Length: 3\r\nContent-Length: 4"]
)
def test_a_body_of_two_lengths_is_refused(raw, lines):
    reply = raw(f"POST /api/ipam/vrfs/ HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n0\r\n\r\n".encode())
    assert reply.startswith(b"HTTP/1.1 400") and b"ipam" not in reply


def test_a_service_is_told_how_long_its_answer_is_waited_for(client):
    """And no client says so in its place."""
    for headers in ({}, {"X-Patchbay-Deadline": "999999"}, {"X-Patchbay-Deadline": "0"}):
        seen = client("GET", "/api/dcim/sites/", headers=headers).json()["headers"]
        assert 0 < int(seen["x-patchbay-deadline"]) < 1000
