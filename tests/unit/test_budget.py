"""Budgets: how long work for a request goes on, and what ends it earlier."""

import socket
import threading

import pytest

from shared.http import budget
from shared.http.errors import ServiceUnavailable


def test_a_thread_that_answers_nothing_has_no_budget():
    assert budget.current() is None and budget.left(7) == 7 and not budget.is_over()


def test_a_budget_only_shrinks():
    with budget.limited(10):
        assert 9 < budget.left(99) <= 10 and budget.left(3) == 3
        with budget.limited(99):
            assert 9 < budget.left(99) <= 10
        with budget.limited(0):
            assert budget.is_over() and not budget.left(99)
        assert not budget.is_over()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 8), ("", 8), ("2500", 2.5), ("0", 0), ("99999", 8), ("9" * 400, 8), ("-1", 8), ("1e3", 8), ("²", 8)],
)
def test_a_header_grants_no_more_than_the_program_gives_by_itself(header, seconds):
    assert budget.said(header, 8) == seconds
    assert budget.said(budget.as_header(2.5)[budget.HEADER], 8) == 2.5


def test_a_budget_ends_when_its_caller_is_gone():
    ours, callers = socket.socketpair()
    with budget.limited(99, ours):
        assert not budget.is_over()
        with budget.limited(99):  # what is asked on the way has the same caller
            callers.close()
            assert budget.is_over()
    ours.close()


def test_a_turn_comes_when_another_ends_and_no_later_than_the_budget():
    turns, taken, done = budget.Turns(1), threading.Event(), threading.Event()

    def hold():
        with turns.turn():
            taken.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait()
    with budget.limited(0), pytest.raises(ServiceUnavailable), turns.turn():
        pass
    waiting = threading.Timer(0.05, done.set)
    waiting.start()
    with budget.limited(60), turns.turn():
        assert done.is_set()
    holder.join()
