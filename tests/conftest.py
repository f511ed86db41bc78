"""What tests share: the real stack, started once, and stacks of their own for tests that break things."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.client import Client
from tests.receivers import RECEIVERS
from tests.running import Stack
from tests.web.chromium import CHROMIUM, FLAGS

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# Machines are shared: how long an example takes says nothing of what is tested.
settings.register_profile("shared machines", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machines")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", default="20s", type=_seconds, help="how long to do harm, as 45s, 20m or 2h")
    parser.addoption("--faults-seed", default=1, type=int, help="the seed of the first schedule of faults")
    parser.addoption("--undo-writes", default=60, type=int, help="how many random writes to undo one after the other")
    parser.addoption("--undo-seed", default=1, type=int, help="the seed of these writes")
    parser.addoption("--containers", action="store_true", help="build the images, and try them with docker or podman")
    several = "try two releases beside each other, the last and today's for some services, or for every one"
    parser.addoption("--releases", choices=("some", "every"), help=several)


def _seconds(text: str) -> float:
    return float(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]


@pytest.fixture(scope="session")
def faults_seconds(request: pytest.FixtureRequest) -> float:
    return request.config.getoption("--faults")


@pytest.fixture(scope="session")
def faults_seed(request: pytest.FixtureRequest) -> int:
    return request.config.getoption("--faults-seed")


@pytest.fixture(scope="session")
def undo_writes(request: pytest.FixtureRequest) -> int:
    return request.config.getoption("--undo-writes")


@pytest.fixture(scope="session")
def undo_seed(request: pytest.FixtureRequest) -> int:
    return request.config.getoption("--undo-seed")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The running stack of the session; tests must leave its processes alone."""
    running = Stack({"WEBHOOKS_ALLOWED": RECEIVERS})
    try:
        yield running.start()
    finally:
        running.remove()


@pytest.fixture(scope="session")
def api(stack: Stack) -> Client:
    """The API of the running stack, asked by its superuser."""
    return Client(stack.base_url, stack.token)


@pytest.fixture(scope="module")
def make_stack() -> Iterator[Callable[..., Stack]]:
    """Makes stacks (not yet started) that are removed after the module's tests."""
    made: list[Stack] = []

    def make(**environment: str) -> Stack:
        made.append(Stack(environment))
        return made[-1]

    yield make
    for one in made:
        one.remove()


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """The one Chromium of a process: Playwright has one event loop for all that is tried in it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()
