"""The last release and today's side by side: every service of one beside all others of the other, in any order."""

import random
from collections.abc import Iterator

import pytest

from tests.releases.filling import everything_is_fetched, fill
from tests.releases.load import load, wrong_faces
from tests.releases.mixture import PROGRAMS, Mixture
from tests.releases.trees import TODAY, Release
from tests.running import eventually

SOME = 2

pytestmark = pytest.mark.usefixtures("mixed")


@pytest.fixture(scope="module")
def mixture(mix, last) -> Mixture:
    made = mix(last)
    fill(made)
    return made


@pytest.fixture(scope="module")
def odd_ones(request) -> list[str]:
    """The programs that are tried as the only one of their release."""
    every = request.config.getoption("--releases") == "every"
    return random.sample(PROGRAMS, len(PROGRAMS) if every else SOME)


def steps(mixture: Mixture, odd_ones: list[str], odd: Release, even: Release) -> Iterator[str]:
    """Each of `odd_ones` becomes `odd` while all others are `even`, and is `even` again afterwards."""
    for name in odd_ones:
        mixture.replace(name, odd, migrate=odd is TODAY)
        yield f"{name} of {odd}, all others of {even}"
        mixture.replace(name, even)


def agree(mixture: Mixture, what: str, running) -> None:
    """Whoever shows something shows the same, and nobody has anything to repair."""
    before = running.rounds
    eventually(lambda: running.rounds > before, f"clients are served: {what}")
    wrong = wrong_faces(mixture.client)
    # What is being renamed at both looks of an audit is found to differ.
    eventually(lambda: mixture.findings() == [], f"the audit finds nothing: {what}")
    counts = f"{running.requests} requests, {len(running.failed)} failed, {len(running.stale)} stale"
    print(f"{what}: {counts}, {len(running.excused)} excused so far")
    assert wrong == [], what


def test_one_service_of_today_among_the_last_release(mixture, odd_ones, last):
    with load(mixture) as running:
        for what in steps(mixture, odd_ones, TODAY, last):
            agree(mixture, what, running)


def test_an_upgrade_one_by_one_in_any_order(mixture):
    order = random.sample(PROGRAMS, len(PROGRAMS))
    with load(mixture) as running:
        for number, name in enumerate(order, 1):
            mixture.replace(name, TODAY, migrate=True)
            agree(mixture, f"of today: {', '.join(order[:number])}", running)
    eventually(lambda: everything_is_fetched(mixture), "every fact is there")


def test_one_service_of_the_last_release_among_today(mixture, odd_ones, last):
    with load(mixture) as running:
        for what in steps(mixture, odd_ones, last, TODAY):
            agree(mixture, what, running)
