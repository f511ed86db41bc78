"""Services that are down, stopped or broken: always a 502 or 504 that names them, and the others go on."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

BODY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_service_that_is_down_is_502(client, method):
    reply = client(method, "/api/circuits/circuits/")
    assert (reply.status_code, reply.json()) == (502, {"detail": "The circuits service cannot be reached."})


def test_a_stopped_service_is_504_and_holds_up_no_other(client, stack):
    stack.tenancy.send_signal(signal.SIGSTOP)
    workers = _children(stack.tenancy.pid)
    _signal(workers, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor() as pool:
            stopped = pool.submit(requests.get, f"{stack.url}/api/tenancy/tenants/")
            assert client("GET", "/api/dcim/sites/").status_code == 200
            reply = stopped.result()
    finally:
        _signal(workers, signal.SIGCONT)
        stack.tenancy.send_signal(signal.SIGCONT)
    assert (reply.status_code, reply.json()) == (
        504,
        {"detail": "The tenancy service did not answer in time."},
    )
    assert client("GET", "/api/tenancy/tenants/").status_code == 200


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200",
        BODY + b"Content-Length: 100\r\n\r\n{",
        BODY + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{",
        BODY + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        BODY + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\nab\r\n",
        BODY + b"X-Odd: a\x01b\r\nContent-Length: 2\r\n\r\n{}",
        BODY + b"X-Folded: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
        BODY + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        BODY + b"Content-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        BODY + b"X-Many: 1\r\n" * 200 + b"\r\n",
        BODY + b"X-Long: " + b"x" * 70_000 + b"\r\n\r\n",
        BODY + b"\r\n{}",
        b"HTTP/1.1 199 Odd\r\n\r\n",
    ],
)
def test_a_broken_reply_is_502(client, stack, answer):
    stack.broken.reply = answer
    for method in ("GET", "POST"):
        reply = client(method, "/api/secrets/secrets/")
        assert (reply.status_code, reply.json()) == (
            502,
            {"detail": "The secrets service cannot be reached."},
        )


def test_a_connection_closed_under_it_is_tried_again_for_safe_methods_only(client, stack):
    stack.broken.reply = b""
    for method, tries in (("GET", 2), ("HEAD", 2), ("POST", 1), ("PATCH", 1), ("DELETE", 1)):
        before = stack.broken.connections
        assert client(method, "/api/secrets/secrets/").status_code == 502
        assert stack.broken.connections - before == tries


def test_a_write_with_an_idempotency_key_is_repeated_once(client, stack):
    stack.broken.reply = b""
    key = {"Idempotency-Key": "c2d0a1f0-6a4b-4b0e-9c8f-5f3f4a1a9d11"}
    for method, tries in (("POST", 2), ("PUT", 2), ("PATCH", 2), ("DELETE", 2), ("GET", 2)):
        before = stack.broken.connections
        assert client(method, "/api/secrets/secrets/", headers=key).status_code == 502
        assert stack.broken.connections - before == tries


def test_a_long_reply_that_breaks_off_is_cut_and_never_looks_complete(client, stack):
    stack.broken.reply = BODY + b"Content-Length: 1000000\r\n\r\n" + b"x" * 500_000
    with pytest.raises(requests.RequestException):
        _ = client("GET", "/api/secrets/secrets/").content
    stack.broken.reply = BODY + b"Transfer-Encoding: chunked\r\n\r\n" + (b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 30
    with pytest.raises(requests.RequestException):
        _ = client("GET", "/api/secrets/secrets/").content


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as listing:  # noqa: PTH123 - a kernel file
        return [int(child) for child in listing.read().split()]


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        os.kill(pid, number)
