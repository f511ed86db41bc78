"""A small machine's stack: one process serves all services, and nothing of them runs into each other."""

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests

from shared.config import SERVICES, TOGETHER
from shared.http import protocol
from shared.security.identity import HEADER, Identity, digest, sign
from stack.plan import GATEWAY, POSTGRES, Plan
from tests.client import Client
from tests.running import Stack, eventually, lives


@pytest.fixture(scope="module")
def small(make_stack: Callable[..., Stack]) -> Stack:
    stack = make_stack()
    done = stack.run("up", "--detach", "--small", "--port", stack.port)
    assert done.returncode == 0, done.stderr + stack.log()
    return stack


@pytest.fixture
def client(small: Stack) -> Client:
    small.wait_until_healthy()
    return Client(small.base_url, small.token)


def test_one_process_serves_every_service_and_status_names_each(small: Stack) -> None:
    assert set(small.processes) == {POSTGRES, TOGETHER, GATEWAY}
    shown = small.run("status")
    assert shown.returncode == 0, shown.stdout
    pids = {line.split()[0]: line.split()[2] for line in shown.stdout.splitlines()}
    assert {pids[service] for service in SERVICES} == {str(small.processes[TOGETHER].pid)}


def test_every_list_of_every_service_answers(client: Client) -> None:
    asked = 0
    for service in SERVICES:
        status, root = client.get(f"{service}/")
        assert status == 200
        for name, url in root.items():
            status, reply = client.get(urlsplit(url).path.removeprefix("/api/"))
            # Some are for POST alone, or want a session key.
            assert status in (200, 400, 405) and isinstance(reply, dict | list), (service, name, status, reply)
            asked += 1
    assert asked > 60


def test_each_port_is_of_one_service_which_believes_its_own_key_only(small: Stack) -> None:
    plan = Plan.load(small.folder)

    def ask(port: str, key: str, path: str) -> int:
        identity = sign(plan.signing_key(key), Identity(service=key), "POST", path, body=digest(b"{}"))
        headers = {HEADER: identity, "Content-Type": "application/json", **protocol.as_header()}
        return requests.post(plan.health_base(port) + path, data=b"{}", headers=headers, timeout=60).status_code

    for service, other in zip(SERVICES, (*SERVICES[1:], SERVICES[0]), strict=True):
        for path in ("healthz", "readyz"):
            assert requests.get(f"{plan.health_base(service)}/{path}", timeout=60).json()["service"] == service
        progress = f"/internal/{service}/progress"
        assert ask(service, service, progress) == 200
        assert ask(service, other, progress) == 403
        assert ask(other, other, progress) == 404


def test_no_header_says_which_service_is_asked(small: Stack) -> None:
    base = urlsplit(Plan.load(small.folder).health_base("tenancy"))
    other = urlsplit(Plan.load(small.folder).health_base("dcim"))
    lines = (
        f"GET /healthz HTTP/1.1\r\nHost: {other.netloc}\r\nX-Forwarded-Port: {other.port}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((base.hostname, base.port)) as connection, connection.makefile("rb") as reply:
        connection.sendall(lines.encode())
        assert b'"tenancy"' in reply.read()


def test_a_reference_to_another_service_is_kept_shown_and_protected(client: Client, small: Stack) -> None:
    tenant = client.make("tenancy/tenants/", name="Kept", slug="kept")
    site = client.make("dcim/sites/", name="Small", slug="small", tenant=tenant["id"])
    client.make("ipam/prefixes/", prefix="10.0.0.0/24", site=site["id"], tenant=tenant["id"])
    assert client.delete(f"tenancy/tenants/{tenant['id']}/")[0] == 409
    assert client.patch(f"tenancy/tenants/{tenant['id']}/", {"name": "Renamed"})[0] == 200
    (prefix,) = client.results("ipam/prefixes/", site="small")
    assert (prefix["tenant"]["name"], prefix["site"]["slug"]) == ("Renamed", "small")
    eventually(lambda: client.get("extras/object-changes/")[1]["count"] >= 4, "the changes are told to extras")
    done = small.run("audit")
    assert (done.returncode, done.stdout) == (0, "0 findings\n")


def test_metrics_of_a_service_tell_of_it_alone(client: Client, small: Stack) -> None:
    client.results("tenancy/tenants/")
    client.results("dcim/sites/")
    plan = Plan.load(small.folder)
    told = {each: requests.get(f"{plan.health_base(each)}/metrics", timeout=60).text for each in SERVICES}
    for service, text in told.items():
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        assert lines and all(f'app="{service}"' in line for line in lines)
    assert 'route="/api/dcim/sites/"' in told["dcim"] and 'route="/api/tenancy/tenants/"' in told["tenancy"]


def test_logs_of_a_service_are_those_of_the_process(small: Stack) -> None:
    shown = small.run("logs", "dcim", "ipam")
    assert shown.returncode == 0 and shown.stdout
    assert {line.split()[0] for line in shown.stdout.splitlines()} == {TOGETHER}


def test_a_restart_of_a_service_is_one_of_the_process(small: Stack) -> None:
    before = small.processes
    done = small.run("restart", "ipam", "dcim")
    assert (done.returncode, done.stdout) == (0, f"Restarted {TOGETHER}.\n")
    assert {name for name, process in small.processes.items() if process != before[name]} == {TOGETHER}
    assert set(small.health().values()) == {"healthy"}


def test_the_killed_process_comes_back_with_all_services(client: Client, small: Stack) -> None:
    before = small.processes
    (worker,) = before[TOGETHER].children()
    small.kill(TOGETHER)
    eventually(lambda: small.processes.get(TOGETHER, before[TOGETHER]) != before[TOGETHER], "it is started again")
    small.wait_until_healthy()
    eventually(lambda: not lives(worker), "its worker has ended with it")
    for service, path in (("dcim", "sites"), ("tenancy", "tenants"), ("ipam", "prefixes")):
        assert client.get(f"{service}/{path}/")[0] == 200


def test_the_same_data_is_served_by_a_process_for_each_service(small: Stack) -> None:
    tenant = Client(small.base_url, small.token).make("tenancy/tenants/", name="Moves", slug="moves")
    assert small.down().returncode == 0
    assert set(small.start().processes) == {POSTGRES, GATEWAY, *SERVICES}
    assert Client(small.base_url, small.token).get(f"tenancy/tenants/{tenant['id']}/")[0] == 200
