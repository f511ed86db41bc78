"""Clients never take all threads: services still reach each other, and the accounts, when they take all they may."""

import socket

import pytest
import requests

from tests.gateway.conftest import gunicorn, wait_for
from tests.gateway.test_internal import BODY, PATH, headers
from tests.running import eventually, free_port

UNFINISHED = b"POST /api/dcim/sites/ HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"


@pytest.fixture
def small(environment, stack):
    """The URL and port of a gateway with room for two clients."""
    port = free_port()
    process = gunicorn("gateway.app:app", port, {**environment, "GATEWAY_CLIENTS": "2"})
    wait_for(port)
    yield f"http://127.0.0.1:{port}", port
    process.terminate()
    process.wait()


def test_when_clients_take_all_their_room_services_are_still_heard(small):
    url, port = small
    waiting = []

    def is_full() -> bool:
        # A question of ours may take the place meant for one of them, which is then turned away: so one more each time.
        waiting.append(socket.create_connection(("127.0.0.1", port)))
        waiting[-1].sendall(UNFINISHED)
        return requests.get(f"{url}/api/").status_code == 503

    eventually(is_full, "the gateway has no room")
    refused = requests.get(f"{url}/api/dcim/sites/")
    assert refused.status_code == 503 and refused.headers["Retry-After"] and refused.json()["detail"]
    assert requests.post(url + PATH, headers=headers(), data=BODY).status_code == 200
    for connection in waiting:
        connection.close()
    eventually(lambda: requests.get(f"{url}/api/dcim/sites/").status_code == 200, "there is room again")


def test_many_answers_of_every_kind_leave_room(small):
    url, _ = small
    for path in ("/api/", "/api/dcim/sites/", "/api/circuits/circuits/", "/nowhere/", "/api/dcim/sites/stream/?3"):
        for _ in range(4):
            assert requests.get(url + path).status_code != 503
