"""Turns: who asks is served by a run that began after it asked, and many share one."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from shared.references.single_flight import SingleFlight
from tests.running import eventually


def test_a_run_alone_is_a_run():
    runs = []
    flight = SingleFlight()
    flight.do(lambda: runs.append(1))
    flight.do(lambda: runs.append(1))
    assert len(runs) == 2


def test_all_who_ask_during_a_run_share_the_next():
    flight, go_on, started, runs = SingleFlight(), Event(), Event(), []

    def work():
        runs.append(1)
        started.set()
        assert go_on.wait(60)

    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(flight.do, work)
        assert started.wait(60)
        later = [pool.submit(flight.do, work) for _ in range(8)]
        eventually(lambda: len(flight._condition._waiters) == 8, "all wait")
        assert not first.done()
        go_on.set()
        for each in (first, *later):
            each.result(60)
    assert len(runs) == 2


def test_a_run_that_fails_fails_for_all_it_served_and_nobody_waits_for_another():
    flight, go_on, started, runs = SingleFlight(), Event(), Event(), []

    def work():
        runs.append(1)
        started.set()
        assert go_on.wait(60)
        if len(runs) == 2:
            raise ValueError("the second run fails")
        return len(runs)

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(flight.do, work)
        assert started.wait(60)
        later = [pool.submit(flight.do, work) for _ in range(3)]
        eventually(lambda: len(flight._condition._waiters) == 3, "all wait")
        go_on.set()
        assert first.result(60) == 1
        for each in later:
            with pytest.raises(ValueError, match="second"):
                each.result(60)
    assert len(runs) == 2
    assert flight.do(work) == 3
