"""Several copies of a service behind one gateway, and what it does about those that do not answer."""

import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import requests

from tests.gateway.conftest import BrokenServer, gunicorn, wait_for
from tests.running import eventually, free_port


class Copies:
    """A gateway of one worker in front of two copies of ipam."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.ports = [free_port(), free_port()]
        self.environment = environment
        self.processes = [self.start(number) for number in range(2)]
        for port in self.ports:
            wait_for(port)
        self.port = free_port()
        urls = ", ".join(f"http://127.0.0.1:{port}" for port in self.ports)
        self.gateway = gunicorn("gateway.app:app", self.port, {**environment, "PATCHBAY_IPAM_URL": urls})
        wait_for(self.port)

    def start(self, number: int):
        told = {**self.environment, "UPSTREAM": "ipam"}
        return gunicorn("tests.gateway.upstream:application", self.ports[number], told)

    def ask(self, method: str = "GET", **more) -> requests.Response:
        return requests.request(method, f"http://127.0.0.1:{self.port}/api/ipam/vrfs/", **more)

    def counts(self) -> list[str]:
        """Which copy, by its address, answers each of some requests in a row."""
        return [self.ask().json()["headers"]["host"] for _ in range(6)]

    def left_out(self) -> int:
        text = requests.get(f"http://127.0.0.1:{self.port}/metrics").text
        found = re.search(r'patchbay_gateway_copies_left_out\{app="ipam"\} (\d+)', text)
        return int(found[1]) if found else 0


@pytest.fixture(scope="module")
def copies(environment, stack, tmp_path_factory):
    metrics = str(tmp_path_factory.mktemp("metrics"))
    # Short enough to wait for one that hangs, and long enough for one that is only slow.
    made = Copies({**environment, "PROMETHEUS_MULTIPROC_DIR": metrics, "READ_SECONDS": "5"})
    yield made
    for each in (made.gateway, *made.processes):
        each.terminate()
        each.wait()


def family(process: subprocess.Popen) -> list[psutil.Process]:
    found = psutil.Process(process.pid)
    return [found, *found.children()]


def kill(process: subprocess.Popen) -> None:
    """Kill a copy with its workers, and wait for each: a worker on its way out still takes connections."""
    killed = family(process)
    for each in killed:
        each.kill()
    process.wait()
    psutil.wait_procs(killed)


def test_copies_are_asked_by_turns(copies):
    assert set(copies.counts()) == {f"127.0.0.1:{port}" for port in copies.ports}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_copy_that_is_gone_is_left_out_until_it_is_back_and_nobody_notices(copies, method):
    kill(copies.processes[0])
    assert [copies.ask(method).status_code for _ in range(6)] == [200] * 6
    eventually(lambda: copies.left_out() == 1, "it is left out")
    copies.processes[0] = copies.start(0)
    eventually(lambda: len(set(copies.counts())) == 2, "it is asked again")
    assert copies.left_out() == 0


def test_when_all_are_gone_it_is_502_and_well_again_at_once(copies):
    for process in copies.processes:
        kill(process)
    reply = copies.ask()
    assert (reply.status_code, reply.json()) == (502, {"detail": "The ipam service cannot be reached."})
    copies.processes = [copies.start(number) for number in range(2)]
    for port in copies.ports:
        wait_for(port)
    eventually(lambda: copies.ask().status_code == 200, "it is served again")
    eventually(lambda: copies.left_out() == 0, "both are asked")


def test_who_hangs_is_left_out_then_503_at_once_then_asked_again(copies):
    hung = [each for process in copies.processes for each in family(process)]
    for each in hung:
        each.send_signal(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(8) as pool:
            first = list(pool.map(lambda _: copies.ask().status_code, range(8)))
        assert set(first) <= {503, 504} and 504 in first
        eventually(lambda: copies.left_out() == 2, "both are left out")
        reply = copies.ask("POST")
        assert (reply.status_code, reply.json()) == (503, {"detail": "The ipam service does not answer at the moment."})
        assert reply.headers["Retry-After"] == "1"
        for each in family(copies.processes[1]):
            each.send_signal(signal.SIGCONT)
        eventually(lambda: copies.left_out() == 1, "one is asked again")
        assert set(copies.counts()) == {f"127.0.0.1:{copies.ports[1]}"}
    finally:
        for each in hung:
            each.send_signal(signal.SIGCONT)
    eventually(lambda: len(set(copies.counts())) == 2, "both are asked again")


def test_a_write_that_one_copy_may_have_done_is_not_sent_to_the_other(environment, stack):
    broken = [BrokenServer(), BrokenServer()]
    port = free_port()
    urls = ",".join(f"http://127.0.0.1:{each.port}" for each in broken)
    gateway = gunicorn("gateway.app:app", port, {**environment, "PATCHBAY_IPAM_URL": urls})
    wait_for(port)
    try:
        for method, headers, tries in (("GET", {}, 2), ("POST", {}, 1), ("POST", {"Idempotency-Key": "k" * 36}, 2)):
            before = sum(each.connections for each in broken)
            reply = requests.request(method, f"http://127.0.0.1:{port}/api/ipam/vrfs/", headers=headers)
            assert reply.status_code == 502
            assert sum(each.connections for each in broken) - before == tries
    finally:
        gateway.terminate()
        gateway.wait()
        for each in broken:
            each.close()
