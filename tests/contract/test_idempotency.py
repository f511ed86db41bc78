"""A write that is repeated with its `Idempotency-Key` is done once, and answered as it was."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg2
import pytest

from tests.client import Client
from tests.factories import Factory


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


def send(api: Client, method: str, path: str, body=None, key: str | None = None):
    reply = api.request(method, path, body, headers={"Idempotency-Key": key or str(uuid4())})
    return reply.status_code, reply.json() if reply.content else None, reply.headers.get("Idempotency-Replayed")


def test_every_verb_is_done_once(api, factory):
    body, key = factory.body("dcim.site"), str(uuid4())
    status, made, replayed = send(api, "POST", "dcim/sites/", body, key)
    assert (status, replayed) == (201, None)
    assert send(api, "POST", "dcim/sites/", body, key) == (201, made, "true")
    assert api.get("dcim/sites/", slug=body["slug"])[1]["count"] == 1

    one = f"dcim/sites/{made['id']}/"
    for method, sent in (("PUT", body), ("PATCH", {"comments": "x"}), ("DELETE", None)):
        key = str(uuid4())
        first = send(api, method, one, sent, key)
        assert first[0] == (204 if method == "DELETE" else 200)
        assert send(api, method, one, sent, key) == (*first[:2], "true")
    assert send(api, "DELETE", one)[0] == 404


def test_lists_and_allocations_are_done_once(api, factory):
    prefix = api.make("ipam/prefixes/", prefix="10.231.0.0/24")
    key, path = str(uuid4()), f"ipam/prefixes/{prefix['id']}/available-ips/"
    first = send(api, "POST", path, [{}, {}], key)
    assert first[0] == 201
    assert send(api, "POST", path, [{}, {}], key) == (*first[:2], "true")
    assert len(api.results("ipam/ip-addresses/", parent="10.231.0.0/24")) == 2


def test_a_key_stands_for_one_request_of_one_user(api, stack, factory):
    key, body = str(uuid4()), factory.body("dcim.site")
    assert send(api, "POST", "dcim/sites/", body, key)[0] == 201
    for method, path, sent in (("POST", "dcim/sites/", factory.body("dcim.site")), ("POST", "dcim/regions/", body)):
        assert send(api, method, path, sent, key)[0] == 422
    api.make("users/users/", username="repeater", password="correct horse battery", is_superuser=True)
    token = api.post("users/tokens/provision/", {"username": "repeater", "password": "correct horse battery"})[1]["key"]
    assert send(Client(stack.base_url, token), "POST", "dcim/sites/", body, key)[0] == 400  # the slug is taken


def test_a_refusal_is_not_kept(api, factory):
    key, tenant = str(uuid4()), factory.make("tenancy.tenant")
    site = factory.make("dcim.site", tenant=tenant["id"])
    path = f"tenancy/tenants/{tenant['id']}/"
    assert send(api, "DELETE", path, None, key)[0] == 409
    assert api.delete(f"dcim/sites/{site['id']}/")[0] == 204
    assert send(api, "DELETE", path, None, key) == (204, None, None)


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "a b", "é".encode().decode("latin-1")])
def test_what_is_no_key_is_refused(api, factory, key):
    reply = api.request("POST", "dcim/sites/", factory.body("dcim.site"), headers={"Idempotency-Key": key})
    assert reply.status_code == 400


def test_at_once_it_is_done_once(api, stack, factory):
    key, body = str(uuid4()), factory.body("tenancy.tenant")

    def post(_) -> int:
        return send(Client(stack.base_url, stack.token), "POST", "tenancy/tenants/", body, key)[0]

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(post, range(12)))
    assert 201 in statuses and set(statuses) <= {201, 409}
    assert api.get("tenancy/tenants/", slug=body["slug"])[1]["count"] == 1


def test_what_is_shown_once_is_stored_for_who_has_the_key(api, stack):
    key, body = str(uuid4()), {"description": "idempotent"}
    _, made, _ = send(api, "POST", "users/tokens/", body, key)
    assert send(api, "POST", "users/tokens/", body, key) == (201, made, "true")
    with psycopg2.connect(stack.database_url("users").replace("+psycopg2", "")) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, request, reply FROM idempotency_key")
            stored = [b" ".join((name.encode(), request.encode(), bytes(reply))) for name, request, reply in cursor]
        connection.rollback()
    assert stored
    assert not any(made["key"].encode() in row or key.encode() in row for row in stored)


def test_replies_are_forgotten_in_small_steps(api, stack, factory):
    keys = [str(uuid4()) for _ in range(3)]
    bodies = [factory.body("tenancy.tenant") for _ in keys]
    for key, body in zip(keys, bodies, strict=True):
        assert send(api, "POST", "tenancy/tenants/", body, key)[0] == 201
    with psycopg2.connect(stack.database_url("tenancy").replace("+psycopg2", "")) as connection:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE idempotency_key SET created = created - interval '25 hours'")
            old = cursor.rowcount
        connection.commit()
        assert send(api, "POST", "tenancy/tenants/", bodies[0], keys[0])[0] == 400  # it is judged anew: it exists
        assert send(api, "POST", "tenancy/tenants/", factory.body("tenancy.tenant"))[0] == 201
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM idempotency_key")
            (left,) = cursor.fetchone() or (0,)
    assert left == old - 2 + 1
