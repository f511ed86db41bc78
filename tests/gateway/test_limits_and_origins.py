"""A gateway that limits how often clients ask, and lets the pages of one site ask; neither is so by default."""

import pytest
import requests

from tests.gateway.conftest import gunicorn, wait_for
from tests.running import free_port

PATH = "/api/ipam/vrfs/"
SITE = "https://tools.example.com"


@pytest.fixture
def start(environment, stack):
    """Starts gateways of one worker with settings of their own; their URLs."""
    started = []

    def start(**settings: str) -> str:
        port = free_port()
        started.append(gunicorn("gateway.app:app", port, {**environment, "READ_SECONDS": "30", **settings}))
        wait_for(port)
        return f"http://127.0.0.1:{port}"

    yield start
    for each in started:
        each.terminate()
        each.wait()


def test_an_address_that_asks_too_often_is_refused_and_told_when_to_come_again(start):
    url = start(RATE_LIMIT_ADDRESS="5/hour", TRUSTED_PROXIES="127.0.0.1")
    for left in (4, 3, 2, 1, 0):
        reply = requests.get(url + PATH)
        assert reply.status_code == 200
        assert (reply.headers["RateLimit-Limit"], reply.headers["RateLimit-Remaining"]) == ("5", str(left))
        assert 3500 < int(reply.headers["RateLimit-Reset"]) <= 3600
    reply = requests.get(url + PATH)
    assert (reply.status_code, reply.json()) == (429, {"detail": "Too many requests from this address."})
    assert reply.headers["Retry-After"] == reply.headers["RateLimit-Reset"] and reply.headers["X-Request-ID"]
    assert requests.get(url + PATH, headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 200
    for path in ("/healthz", "/readyz", "/metrics"):
        assert requests.get(url + path).status_code != 429
    assert requests.post(f"{url}/internal/dcim/claims").status_code == 403


def test_each_token_has_a_limit_of_its_own(start):
    url = start(RATE_LIMIT_TOKEN="2/hour")

    def ask(token: str) -> int:
        return requests.get(url + PATH, headers={"Authorization": f"Token {token}"}).status_code

    assert [ask("limited" * 5 + "first") for _ in range(3)] == [403, 403, 429]
    assert [ask("limited" * 5 + "other") for _ in range(2)] == [403, 403]
    assert {requests.get(url + PATH).status_code for _ in range(4)} == {200}


def test_without_settings_nobody_is_limited_and_no_page_is_let_in(client):
    reply = client("GET", PATH, headers={"Origin": SITE})
    assert not [name for name in reply.headers if name.startswith(("RateLimit", "Access-Control"))]


def test_pages_of_the_sites_that_are_named_may_ask(start):
    url = start(CORS_ORIGINS=f"{SITE}, https://other.example.com")
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
    reply = requests.options(url + PATH, headers={"Origin": SITE, **asked})
    assert (reply.status_code, reply.headers["Access-Control-Allow-Origin"]) == (204, SITE)
    assert "PATCH" in reply.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in reply.headers["Access-Control-Allow-Headers"]
    reply = requests.get(url + PATH, headers={"Origin": SITE})
    assert reply.headers["Access-Control-Allow-Origin"] == SITE and "Origin" in reply.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in reply.headers
    for origin in ("https://evil.example.com", f"{SITE}.evil.example", "null"):
        assert "Access-Control-Allow-Origin" not in requests.get(url + PATH, headers={"Origin": origin}).headers
    assert "Access-Control-Allow-Origin" not in requests.get(f"{url}/login/", headers={"Origin": SITE}).headers


def test_any_page_may_ask_where_that_is_said(start):
    reply = requests.get(start(CORS_ORIGINS="*") + PATH, headers={"Origin": "https://anywhere.example"})
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
