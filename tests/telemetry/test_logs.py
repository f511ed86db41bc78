"""Each line of a log says which request it belongs to, whichever service wrote it, in the form that was asked for."""

import json
import re

import pytest
from sqlalchemy import create_engine, text

from shared.config import SERVICES
from tests.client import Client
from tests.running import Stack, eventually

ID, TRACE = "a-request-of-a-test", "0af7651916cd43dd8448eb211c80319c"
TOLD = {"X-Request-ID": ID, "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
PLAIN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING|ERROR) [\w.]+ (\[[\w.-]+\] )?\S.*")


@pytest.fixture(scope="module")
def plain(make_stack) -> Stack:
    return make_stack(ACCESS_LOG="true").start()


@pytest.fixture(scope="module")
def as_json(plain) -> Stack:
    """The same stack, once it writes JSON; what it wrote before is gone."""
    assert plain.run("config", "LOG_FORMAT=json").returncode == 0
    for name in (*SERVICES, "gateway"):
        assert plain.run("restart", name).returncode == 0
        plain.folder.log(name).write_text("")
    return plain


def break_regions(stack: Stack) -> int:
    """Have dcim fail on its regions in a way that nobody expects; what it answers then."""
    engine = create_engine(stack.database_url("dcim"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ALTER TABLE dcim_region RENAME TO elsewhere"))
        status = Client(stack.base_url, stack.token).request("GET", "dcim/regions/", headers=TOLD).status_code
        connection.execute(text("ALTER TABLE elsewhere RENAME TO dcim_region"))
    engine.dispose()
    return status


def lines(stack: Stack, name: str) -> list[str]:
    return stack.folder.log(name).read_text().splitlines()


def test_plain_lines_and_each_line_of_a_traceback_name_the_request(plain):
    assert break_regions(plain) == 500
    eventually(lambda: any(ID in line and "answered" in line for line in lines(plain, "gateway")), "it is logged")
    of_request = [line for line in lines(plain, "dcim") if ID in line]
    assert any("unexpected error" in line for line in of_request)
    assert any(line.startswith(f"[{ID}] Traceback") for line in of_request)
    assert any("UndefinedTable" in line for line in of_request)
    assert not [line for line in lines(plain, "dcim") if not PLAIN.fullmatch(line) and not line.startswith("[")]
    (answered,) = [line for line in lines(plain, "gateway") if ID in line and "answered" in line]
    assert "method=GET path=/api/dcim/regions/ status=500" in answered and "served_by=dcim" in answered


def test_json_lines_carry_the_request_and_its_trace_through_every_service(as_json):
    client = Client(as_json.base_url, as_json.token)
    tenant = client.make("tenancy/tenants/", name="Traced", slug="traced")
    body = {"name": "Traced", "rd": "65000:7", "tenant": tenant["id"]}
    assert client.request("POST", "ipam/vrfs/?secret=s3cr3t", body, headers=TOLD).status_code == 201
    assert break_regions(as_json) == 500

    def of_request(name: str) -> list[dict]:
        return [entry for line in lines(as_json, name) if (entry := json.loads(line)).get("request_id") == ID]

    eventually(lambda: len(of_request("gateway")) >= 3, "the gateway has logged all of it")
    answered = {
        (entry["app"], entry["path"], entry["status"])
        for name in ("gateway", "ipam", "tenancy", "dcim")
        for entry in of_request(name)
        if entry["message"] == "answered"
    }
    assert {
        ("gateway", "/api/ipam/vrfs/", 201),
        ("ipam", "/api/ipam/vrfs/", 201),
        ("gateway", "/internal/tenancy/claims", 200),
        ("tenancy", "/internal/tenancy/claims", 200),
        ("dcim", "/api/dcim/regions/", 500),
    } <= answered
    assert {entry["trace_id"] for name in ("gateway", "ipam", "tenancy", "dcim") for entry in of_request(name)} == {
        TRACE
    }
    (failed,) = [entry for entry in of_request("dcim") if entry["level"] == "ERROR"]
    assert "Traceback" in failed["error"] and "UndefinedTable" in failed["error"]
    assert "s3cr3t" not in as_json.log() and as_json.token not in as_json.log()


def test_a_page_about_an_error_names_the_request(stack, api):
    reply = api.session.get(f"{stack.base_url}/nowhere/", headers={"Accept": "text/html", "X-Request-ID": ID})
    assert reply.status_code == 404 and f"<code>{ID}</code>" in reply.text
