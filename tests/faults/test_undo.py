"""Undo whose programs are killed when one service has done its part and the next is about to."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg2
import pytest
import requests
from psycopg2 import extensions

from stack.databases import dsn
from tests.client import Client
from tests.factories import Factory
from tests.running import Stack, eventually
from tests.undoing import World, ok, read, tried, world

GATE = 1_900_526  # an advisory lock that only this test takes


@pytest.fixture(scope="module")
def stack(make_stack) -> Stack:
    return make_stack().start()


@pytest.fixture(scope="module")
def api(stack: Stack) -> Client:
    return Client(stack.base_url, stack.token)


@pytest.fixture(scope="module")
def before(api: Client) -> World:
    """A device and what hangs on it in dcim and ipam."""
    return world(api, Factory(api))


@pytest.fixture(scope="module")
def device(before: World) -> int:
    return next(pk for label, pk in before if label == "dcim.device")


@contextmanager
def ipam(stack: Stack) -> Iterator[extensions.cursor]:
    """A cursor in ipam's database, each statement of which is committed."""
    with closing(psycopg2.connect(dsn(stack.database_url("ipam")))) as connection:
        connection.autocommit = True
        yield connection.cursor()


@pytest.fixture(scope="module", autouse=True)
def gate(stack: Stack) -> None:
    """Has transactions of ipam that make an address wait for the gate when they are about to be committed."""
    with ipam(stack) as cursor:
        cursor.execute(
            "CREATE FUNCTION pass_gate() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END $$;"
            " CREATE CONSTRAINT TRIGGER pass_gate AFTER INSERT ON ipam_ipaddress DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION pass_gate()"
        )


@contextmanager
def closed_gate(stack: Stack) -> Iterator[None]:
    """Within, the gate is closed."""
    with ipam(stack) as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (GATE,))
        yield


def waiting(stack: Stack) -> bool:
    """Whether a transaction of ipam waits to be committed."""
    with ipam(stack) as cursor:
        cursor.execute("SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted", (GATE,))
        return cursor.fetchone() is not None


def until_done(stack: Stack, gone: requests.Response) -> None:
    """Repeats an undo until it is done, as its reply says one may."""

    def done() -> bool:
        reply = tried(Client(stack.base_url, stack.token), gone)
        assert reply.status_code in (200, 503), reply.text
        return reply.status_code == 200

    eventually(done, "the undo is done")


def cut_off(stack: Stack, gone: requests.Response, victim: str) -> requests.Response | None:
    """The reply to an undo during which all processes of `victim` are killed, None if there was none."""
    with ThreadPoolExecutor(1) as pool:
        with closed_gate(stack):
            undone = pool.submit(tried, Client(stack.base_url, stack.token), gone)
            eventually(lambda: waiting(stack), "dcim has done its part, and ipam is about to")
            master = stack.processes[victim]
            for process in (master, *master.children(recursive=True)):
                process.kill()
        try:
            return undone.result()
        except requests.ConnectionError:
            return None
        finally:
            stack.wait_until_healthy()


@pytest.mark.parametrize("victim", ["gateway", "extras", "dcim", "ipam", "postgres"])
def test_an_undo_that_was_cut_off_is_ended_by_repeating_it(stack, api, before, device, victim):
    gone = ok(api.request("DELETE", f"dcim/devices/{device}/"))
    reply = cut_off(stack, gone, victim)
    assert reply.status_code in (200, 502, 503) if reply is not None else victim == "gateway"
    until_done(stack, gone)
    assert {key: read(api, *key) for key in before} == before


def test_an_undo_that_was_cut_off_can_be_undone_itself(stack, api, before, device):
    gone = ok(api.request("DELETE", f"dcim/devices/{device}/"))
    half = cut_off(stack, gone, "extras")
    assert half is not None and half.status_code in (502, 503)
    until_done(stack, half)
    assert read(api, "dcim.device", device) is None
    until_done(stack, gone)
    assert {key: read(api, *key) for key in before} == before
    audited = stack.run("audit")
    assert audited.returncode == 0, audited.stdout
