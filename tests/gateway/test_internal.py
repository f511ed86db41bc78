"""Calls between services: each speaks as itself only, and the target is told so with its own key."""

import json
from dataclasses import asdict

import pytest

from gateway.body import Body
from gateway.in_process import InProcess
from gateway.request import Request
from shared.security.identity import CALLER_HEADER, HEADER, Identity, digest, sign
from tests.gateway import upstream
from tests.gateway.conftest import KEYS

PATH = "/internal/dcim/sites/claims"


BODY = b"[1, 2]"


def headers(caller="ipam", key=None, method="POST", path=PATH, query="", body=BODY, identity=None):
    identity = identity or Identity(service=caller)
    return {CALLER_HEADER: caller, HEADER: sign(key or KEYS[caller], identity, method, path, query, digest(body))}


def test_a_service_is_heard_as_itself(client):
    seen = client("POST", PATH, headers=headers(), data=BODY).json()
    assert (seen["service"], seen["path"], seen["length"]) == ("dcim", PATH, 6)
    assert seen["identity"].pop("number")
    assert asdict(Identity(service="ipam")) == {**seen["identity"], "number": "", "permissions": (), "groups": ()}
    assert "x-patchbay-service" not in seen["headers"]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {CALLER_HEADER: "ipam"},
        headers(key=KEYS["dcim"]),
        headers(path="/internal/dcim/other"),
        headers(method="GET"),
        headers(query="a=1"),
        headers(body=b"[1, 3]"),
        headers(body=b""),
        headers(identity=Identity(service="tenancy")),
        headers(identity=Identity(user_id=1, superuser=True)),
        {**headers(), CALLER_HEADER: "tenancy"},
        {**headers(), CALLER_HEADER: "nobody"},
        {**headers(), CALLER_HEADER: ""},
    ],
)
def test_anybody_else_is_refused(client, sent):
    reply = client("POST", PATH, headers=sent, data=BODY)
    assert (reply.status_code, reply.json()) == (403, {"detail": "This is not a call of a known service."})


def test_a_superuser_claim_of_a_service_is_not_passed_on(client):
    claimed = Identity(user_id=1, superuser=True, permissions=("dcim.add_site",), service="ipam")
    identity = client("POST", PATH, headers=headers(identity=claimed), data=BODY).json()["identity"]
    assert not identity["superuser"] and identity["user_id"] is None and not identity["permissions"]


def test_a_service_that_is_down_is_named_to_the_caller(client):
    path = "/internal/circuits/claims"
    reply = client("POST", path, headers=headers(path=path), data=BODY)
    assert reply.status_code == 502 and "circuits" in reply.json()["detail"]


def test_a_mounted_app_gets_what_a_remote_one_gets(monkeypatch):
    monkeypatch.setattr(upstream, "KEY", "k")
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/api/users/é/".encode().decode("latin-1"),
        "QUERY_STRING": "a=%20b",
        "HTTP_HOST": "netbox.example",
        "HTTP_AUTHORIZATION": "Token secret",
        "HTTP_X_PATCHBAY_SERVICE": "ipam",
        "CONTENT_TYPE": "application/json",
        "REMOTE_ADDR": "192.0.2.1",
        "wsgi.url_scheme": "http",
    }
    request = Request.from_environ(environ)
    request.body = Body.of(b"{}")
    request.claims = {HEADER: sign("k", Identity(7, "bob"), "POST", request.path, request.query, request.digest)}
    reply = InProcess("users", upstream.application).send(request)
    seen = json.loads(b"".join(reply.body))
    assert reply.status == 200 and ("Set-Cookie", "b=2") in reply.headers
    assert (seen["path"], seen["query"], seen["length"]) == ("/api/users/é/", "a=%20b", 2)
    assert seen["identity"]["user_id"] == 7 and seen["headers"]["x-forwarded-host"] == "netbox.example"
    assert not {"authorization", "x-patchbay-service"} & seen["headers"].keys()


def test_the_accounts_answer_below_the_gateway(client):
    reply = client("GET", "/api/users/", headers={"X-Forwarded-Host": "netbox.example"})
    assert reply.status_code == 200 and isinstance(reply.json(), dict)
    assert all(url.startswith("http://netbox.example/api/users/") for url in reply.json().values())
    assert client("GET", "/api/users/nothing/").status_code == 404
