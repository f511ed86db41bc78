"""Identities: only the gateway's are believed, each for one request, and a write only once."""

import time
import uuid
from contextlib import closing
from dataclasses import dataclass

import orjson
import psycopg2
import pytest
import requests
from itsdangerous import TimestampSigner

from shared.config import settings
from shared.http import protocol
from shared.security.identity import (
    CALLER_HEADER,
    HEADER,
    MAX_AGE_SECONDS,
    Identity,
    digest,
    sign,
)
from stack.plan import Plan
from tests.running import eventually

PATH = "/api/tenancy/tenant-groups/"
SUPERUSER = Identity(1, "admin", superuser=True, write=True)


@pytest.fixture
def ask(stack):
    """Asks the tenancy service directly, with an identity."""
    url = Plan.load(stack.folder).health_base("tenancy")

    def ask(method, identity, body=None, path=PATH):
        headers = {"Content-Type": "application/json", **protocol.as_header()}
        headers |= {HEADER: identity} if identity else {}
        return requests.request(method, url + path, headers=headers, data=body)

    return ask


@pytest.fixture
def signed(stack):
    """Signs a request to the tenancy service for a caller."""
    tenancy = stack.folder.signing_key("tenancy")

    def signed(method, body=b"", path=PATH, query="", key=tenancy, caller=SUPERUSER):
        return sign(key, caller, method, path, query, digest(body))

    return signed


def group(name) -> bytes:
    return orjson.dumps({"name": name, "slug": name})


def test_a_write_that_was_seen_cannot_be_sent_again(ask, signed, api):
    body = group("replayed-1")
    identity = signed("POST", body)
    made = ask("POST", identity, body)
    assert made.status_code == 201 and api.delete(f"tenancy/tenant-groups/{made.json()['id']}/")[0] == 204
    assert ask("POST", identity, body).status_code == 403
    assert not api.results("tenancy/tenant-groups/", name="replayed-1")
    assert ask("POST", signed("POST", body), body).status_code == 201


def test_a_write_that_was_refused_has_spent_nothing_but_may_still_be_made_once(ask, signed, api):
    body, other = group("replayed-2"), api.make("tenancy/tenant-groups/", name="replayed-2", slug="other")
    identity = signed("POST", body)
    assert ask("POST", identity, body).status_code == 400
    assert api.delete(f"tenancy/tenant-groups/{other['id']}/")[0] == 204
    made = ask("POST", identity, body)
    assert made.status_code == 201 and api.delete(f"tenancy/tenant-groups/{made.json()['id']}/")[0] == 204
    assert ask("POST", identity, body).status_code == 403


def test_a_call_between_services_that_was_seen_cannot_be_sent_again(ask, stack, signed):
    path, body = (
        "/internal/tenancy/claims",
        b'{"label": "tenancy.tenant", "ids": [], "facts": [], "restricting": false}',
    )
    dcim = Identity(service="dcim")
    to_service = signed("POST", body, path, caller=dcim)
    assert [ask("POST", to_service, body, path).status_code for _ in range(2)] == [200, 403]
    to_gateway = signed("POST", body, path, key=stack.folder.signing_key("dcim"), caller=dcim)
    headers = {HEADER: to_gateway, CALLER_HEADER: "dcim", "Content-Type": "application/json", **protocol.as_header()}
    asked = [requests.post(stack.base_url + path, data=body, headers=headers).status_code for _ in range(2)]
    assert asked == [200, 403]


def test_what_only_reads_may_be_repeated(ask, signed):
    identity = signed("GET")
    assert [ask("GET", identity).status_code for _ in range(3)] == [200] * 3


def test_an_identity_that_is_altered_or_of_another_key_is_refused(ask, signed, stack):
    body = group("forged")
    good = signed("POST", body)
    another = signed("POST", body, key=stack.folder.signing_key("dcim"))
    for bad in ("", good[:-1], good[1:], "x", another, signed("POST", body, key="x")):
        assert ask("POST", bad, body).status_code == 403


@pytest.fixture
def signed_later(signed, monkeypatch):
    """Signs with a clock that is some seconds ahead."""

    def signed_later(seconds: float, *request) -> str:
        with monkeypatch.context() as patched:
            patched.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time() + seconds))
            return signed(*request)

    return signed_later


@pytest.mark.parametrize(("seconds", "status"), [(-85, 201), (-5, 201), (5, 201), (25, 201), (-95, 403), (40, 403)])
def test_the_clocks_of_two_machines_may_differ_a_little(ask, signed_later, stack, api, seconds, status):
    body = group(f"shifted-{seconds}")
    identity = signed_later(seconds, "POST", body)
    assert [ask("POST", identity, body).status_code for _ in range(2)] == [status, 403]
    if status == 403:
        said = "in the future" if seconds > 0 else "seconds ago"
        assert any("identity refused" in line and said in line for line in stack.log().splitlines())


def test_a_spent_identity_is_remembered_for_as_long_as_any_clock_may_accept_it(stack, api):
    may_accept = MAX_AGE_SECONDS + 2 * settings.clock_skew_seconds
    spent = {"recent": may_accept + 1, "old": 10 * may_accept}
    with closing(psycopg2.connect(stack.database_url("tenancy").replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        for number, age in spent.items():
            statement = "INSERT INTO identity_spent VALUES (%s, clock_timestamp() - %s * interval '1 second')"
            cursor.execute(statement, (number, age))

        def remembered() -> list[str]:
            """After one more write, each of which forgets two old numbers, be they of other tests."""
            word = f"remembering-{uuid.uuid4().hex}"
            api.make("tenancy/tenant-groups/", name=word, slug=word)
            cursor.execute("SELECT number FROM identity_spent WHERE number IN ('recent', 'old') ORDER BY number")
            return [row[0] for row in cursor.fetchall()]

        eventually(lambda: remembered() == ["recent"], "the old number alone is forgotten")


def test_what_a_later_release_says_of_a_caller_is_ignored(ask, signed):
    @dataclass(frozen=True)
    class Later(Identity):
        mood: str = "sunny"

    assert ask("GET", signed("GET", caller=Later(1, "admin"))).status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        {"method": "PUT"},
        {"path": "/api/tenancy/tenants/"},
        {"path": f"{PATH}?name=a"},
        {"body": group("forged") + b" "},
        {"body": group("altered")},
        {"body": b""},
    ],
)
def test_an_identity_fits_no_other_request(ask, signed, asked):
    body = group("forged")
    assert ask(**{"method": "POST", "identity": signed("POST", body), "body": body} | asked).status_code == 403


@pytest.mark.parametrize("query", ["", "name=b", "name=a&limit=1", "NAME=a"])
def test_an_identity_fits_no_other_query(ask, signed, query):
    identity = signed("GET", query="name=a")
    assert ask("GET", identity, path=f"{PATH}?name=a").status_code == 200
    assert ask("GET", identity, path=f"{PATH}?{query}").status_code == 403


def test_what_is_decoded_in_the_path_does_not_pass_for_the_query(ask, signed):
    assert ask("GET", signed("GET", path=f"{PATH}?name=a/"), path=f"{PATH}?name=a/").status_code == 403


def test_a_client_cannot_bring_an_identity(stack, signed):
    body = group("forged")
    headers = {HEADER: signed("POST", body), "Content-Type": "application/json"}
    assert requests.post(f"{stack.base_url}{PATH}", data=body, headers=headers).status_code == 403


@pytest.mark.parametrize("said", [{}, {protocol.HEADER: ""}, {protocol.HEADER: "99, 98"}])
def test_whoever_speaks_no_protocol_of_ours_is_told_so(stack, signed, said):
    url = Plan.load(stack.folder).health_base("tenancy")
    reply = requests.get(url + PATH, headers={HEADER: signed("GET"), **said})
    assert reply.status_code == 503
    assert "it has to speak protocol 1" in reply.text or "protocol 99, 98, and not 1" in reply.text
