"""Whatever dies, a read after an acknowledged write is stale only where the reply said so: its holder was away.

`./patchbay test --faults 20m tests/faults/test_freshness.py` goes on for 20 minutes.
"""

import random
import signal
import time
from collections import Counter
from contextlib import suppress
from itertools import cycle

import psutil
import pytest

from shared.config import SERVICES
from stack.plan import GATEWAY, POSTGRES
from tests.client import Client
from tests.faults.harm import LONGEST_STOP_SECONDS
from tests.faults.reading_back import Record, Renamer, watched
from tests.faults.verdict import seconds_to_catch_up
from tests.running import Stack

SECONDS_TO_RECOVER = 5.0
OWNERS_AND_HOLDERS = [service for service in SERVICES if service != "secrets"]
WAYS = (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP)
KINDS = ("worker of the gateway", "worker of a service", "master of a service", "database")


class Hand:
    """Hurts one process after the other, each kind in each way, and remembers whom and when."""

    def __init__(self, stack: Stack, seed: int):
        self.stack, self.random = stack, random.Random(seed)
        self.counts: Counter = Counter()
        self.hurt: list[tuple[str, float, float]] = []

    def go_on_for(self, seconds: float) -> None:
        give_up = time.monotonic() + seconds
        for kind, how in cycle((kind, how) for how in WAYS for kind in KINDS):
            if time.monotonic() > give_up:
                return
            with suppress(psutil.NoSuchProcess):
                self._hurt(kind, how)
            self.stack.wait_until_healthy()
            self.hurt[-1] = (*self.hurt[-1][:2], time.monotonic())
            time.sleep(self.random.uniform(0.2, 2.0))

    def _hurt(self, kind: str, how: signal.Signals) -> None:
        name = {"database": POSTGRES, "worker of the gateway": GATEWAY}.get(kind) or self.random.choice(
            OWNERS_AND_HOLDERS
        )
        master = self.stack.processes.get(name)
        if master is None:
            return
        family = self.random.sample(master.children(), 1) if "worker" in kind else [master]
        if kind == "database" and how == signal.SIGTERM:
            how = signal.SIGINT  # it would wait for the connections of its clients
        if how == signal.SIGSTOP and "worker" not in kind:
            family = [master, *master.children(recursive=True)]
        self.counts[f"{how.name} {kind}"] += 1
        self.hurt.append((name, time.monotonic(), float("inf")))
        for each in family:
            each.send_signal(how)
        if how == signal.SIGSTOP:
            time.sleep(self.random.uniform(0.5, LONGEST_STOP_SECONDS))
            for each in family:
                with suppress(psutil.NoSuchProcess):
                    each.send_signal(signal.SIGCONT)

    def excuses(self, began: float, ended: float, holder: str) -> bool:
        """Whether a holder may have been away during a write."""
        mine = {POSTGRES, GATEWAY if holder == "users" else holder}
        return any(
            name in mine and since < ended and began < until + SECONDS_TO_RECOVER for name, since, until in self.hurt
        )


@pytest.fixture(scope="module")
def hurt(make_stack) -> Stack:
    return make_stack().start()


def test_who_reads_after_an_acknowledged_write_sees_it_whatever_dies(hurt, faults_seconds, faults_seed) -> None:
    client = Client(hurt.base_url, hurt.token)
    record, hand = Record(), Hand(hurt, faults_seed)
    renamers = [Renamer(each, hurt.base_url, hurt.token, record) for _ in range(2) for each in watched(client)]
    for each in renamers:
        each.start()
    try:
        hand.go_on_for(faults_seconds)
    finally:
        for each in renamers:
            each.stopping.set()
        for each in renamers:
            each.join()
    needless = [write for write in record.degraded if not hand.excuses(*write)]
    counts = record.counts | Counter(needless=len(needless), stale=len(record.stale))
    print(dict(counts), dict(hand.counts), *record.stale[:20], *needless[:20], sep="\n  ", flush=True)
    assert record.stale == []
    assert record.counts["reads"]
    assert seconds_to_catch_up(hurt)[1] == []
