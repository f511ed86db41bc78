"""PostgreSQL as `deploy/patroni/` sets it up loses its leader while clients write: nothing acknowledged is lost.

`./patchbay test --faults 20m tests/faults/test_failover.py` goes on for 20 minutes.
"""

import signal
import time
from collections.abc import Iterator
from itertools import count

import pytest

from stack import unprivileged
from tests.client import Client
from tests.faults.patroni import ETCD, HAPROXY, PASSWORD, PYTHON, Machines
from tests.faults.verdict import seconds_to_catch_up, wrong
from tests.faults.workload import World, writing
from tests.running import Stack, eventually
from tests.stack.own_postgresql import make_databases, urls

WRITES = 40
MISSING = [name for name, path in {"ETCD": ETCD, "HAPROXY": HAPROXY, "PYTHON3": PYTHON}.items() if not path]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"MISSING: {' '.join(MISSING)}. NO FAIL-OVER WAS TRIED")


@pytest.fixture(scope="module")
def machines(make_stack) -> Iterator[Machines]:
    made = Machines(make_stack().home / "machines")
    try:
        made.wait_until_whole()
        reached = {"PGHOST": "127.0.0.1", "PGPORT": str(made.port), "PGPASSWORD": PASSWORD}
        make_databases(unprivileged.binaries(), reached | {"POSTGRES_USER": "postgres"})
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def hurt(make_stack, machines: Machines) -> Iterator[Stack]:
    stack = make_stack(**urls(machines.port))
    try:
        yield stack.start()
    finally:
        stack.down()


def acknowledge(world: World, more: int) -> None:
    """Waits for so many more acknowledged writes."""
    wanted = world.counts["acknowledged"] + more
    eventually(lambda: world.counts["acknowledged"] >= wanted, "clients can write")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=lambda how: how.name)
def test_what_was_acknowledged_outlives_the_leader(
    hurt: Stack, machines: Machines, keyholder: Client, how: signal.Signals, faults_seconds: float, faults_seed: int
) -> None:
    give_up = time.monotonic() + faults_seconds / 2
    for seed in count(faults_seed):
        machines.wait_until_whole()
        with writing(hurt, keyholder, seed) as world:
            acknowledge(world, WRITES)
            leader = machines.leader
            leader.send(how)
            lost = time.monotonic()
            acknowledge(world, WRITES)
            successor = machines.leader
            if how == signal.SIGKILL:
                leader.start()
            else:
                leader.send(signal.SIGCONT)
            machines.wait_until_whole()
            acknowledge(world, WRITES)
        catching_up, found = seconds_to_catch_up(hurt)
        found += wrong(hurt, keyholder, world)
        print(
            f"{how.name} of {leader.name}, {successor.name} leads: writes again after"
            f" {world.seconds_to_write(lost):.1f} s, {dict(world.counts)},"
            f" audit clean {catching_up:.1f} s after all were up, {len(found)} violations",
            *found,
            sep="\n  ",
            flush=True,
        )
        assert found == []
        assert successor is not leader
        assert "is behind what" not in hurt.log()
        if time.monotonic() > give_up:
            break
