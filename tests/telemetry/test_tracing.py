"""With the extra, the spans of gateway, services, statements, claims and deliveries make one trace, told by OTLP."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stack import ROOT
from tests.client import Client
from tests.running import Stack, eventually

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def extra(tmp_path_factory) -> Path:
    """A folder with what the extra adds, as its lock has it."""
    folder = tmp_path_factory.mktemp("otel")
    main, more = ((ROOT / name).read_text() for name in ("requirements.lock", "requirements-otel.lock"))
    pins = re.split(r"\n(?=[\w.-]+==)", more)
    here = set(re.findall(r"^([\w.-]+)==", main, re.MULTILINE))
    added = [pin for pin in pins if (found := re.match(r"([\w.-]+)==", pin)) and found[1] not in here]
    (folder / "lock").write_text("\n".join(added) + "\n")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    done = subprocess.run(
        [*command, "--target", folder / "packages", "-r", folder / "lock"], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"pip cannot install the extra: {done.stderr.strip().splitlines()[-1:]}")
    return folder / "packages"


class Receiver(ThreadingHTTPServer):
    """A collector of OpenTelemetry that keeps what it is told, as bytes."""

    def __init__(self) -> None:
        self.told: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver) and self.path == "/v1/traces"
        self.server.told.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def traced(make_stack, extra, receiver) -> Stack:
    """A stack that tells `receiver` of what it does, sooner than it would by itself."""
    endpoint = f"http://127.0.0.1:{receiver.server_port}"
    path = f"{ROOT}:{extra}"
    told = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
    return make_stack(**told, OTEL_BSP_SCHEDULE_DELAY="200", PYTHONPATH=path).start()


@pytest.fixture(scope="module")
def spans(extra, receiver):
    """Reads all spans of the trace that have come: (service, name, kind, attributes, id, parent's id)."""
    reading = f"""
import sys; sys.path.insert(0, {str(extra)!r})
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
import json
for line in sys.stdin:
    for resource in ExportTraceServiceRequest.FromString(bytes.fromhex(line)).resource_spans:
        service = next(a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
        for scope in resource.scope_spans:
            for span in scope.spans:
                facts = {{a.key: a.value.string_value or a.value.int_value for a in span.attributes}}
                if span.trace_id.hex() == {TRACE!r}:
                    print(json.dumps([service, span.name, facts, span.span_id.hex(), span.parent_span_id.hex()]))
"""

    def read() -> list[list]:
        import json

        told = "\n".join(each.hex() for each in list(receiver.told))
        done = subprocess.run([sys.executable, "-c", reading], input=told, capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    return read


def way_up(found: list[list], pk: str) -> list[tuple[str, str]]:
    """A span, what it is part of, and so on, as (service, name); nothing unless that leads to the caller's."""
    by_id = {each: (service, name, parent) for service, name, _, each, parent in found}
    way = []
    while pk in by_id:
        service, name, pk = by_id[pk]
        way.append((service, name))
    return way if pk == PARENT else []


def test_one_request_is_one_trace_through_every_part(traced, spans):
    client = Client(traced.base_url, traced.token)
    tenant = client.make("tenancy/tenants/", name="Nobody Traced", slug="nobody-traced")
    told = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    body = {"name": "Nobody Traced", "rd": "65000:8", "tenant": tenant["id"]}
    assert client.request("POST", "ipam/vrfs/", body, headers=told).status_code == 201
    renamed = client.request("PATCH", f"tenancy/tenants/{tenant['id']}/", {"name": "Nobody Renamed"}, headers=told)
    assert renamed.status_code == 200
    wanted = {
        ("gateway", "POST ipam"),
        ("gateway", "ask ipam"),
        ("ipam", "POST /api/ipam/vrfs/"),
        ("ipam", "claim from tenancy"),
        ("tenancy", "POST /internal/tenancy/claims"),
        ("tenancy", "deliver to ipam"),
        ("ipam", "apply what tenancy tells"),
        ("ipam", "INSERT"),
    }

    def have_come() -> bool:
        """A span is told once it ended, after those within it, and each program tells when it comes to it."""
        found = spans()
        ways = [way_up(found, pk) for *_, pk, _ in found]
        return wanted <= {way[0] for way in ways if way} and all(ways)

    eventually(have_come, "all spans have come")
    found = spans()
    (claimed,) = [pk for service, name, _, pk, _ in found if name == "POST /internal/tenancy/claims"]
    assert way_up(found, claimed) == [
        ("tenancy", "POST /internal/tenancy/claims"),
        ("gateway", "ask tenancy"),
        ("gateway", "POST tenancy"),
        ("ipam", "claim from tenancy"),
        ("ipam", "POST /api/ipam/vrfs/"),
        ("gateway", "ask ipam"),
        ("gateway", "POST ipam"),
    ]
    everything = repr(found)
    assert "Nobody" not in everything and traced.token not in everything
