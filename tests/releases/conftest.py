"""The releases that are mixed."""

from collections.abc import Callable, Iterator

import pytest

from tests.releases.mixture import Mixture
from tests.releases.next_release import next_release
from tests.releases.trees import Release, last_release, missing


@pytest.fixture(scope="session")
def mixed(request: pytest.FixtureRequest) -> None:
    """Whole stacks of two releases under load take minutes: whoever releases asks for them (docs/releasing.md)."""
    if request.config.getoption("--releases") is None:
        pytest.skip("asked for with --releases some, or every")


@pytest.fixture(scope="session")
def last(tmp_path_factory: pytest.TempPathFactory) -> Release:
    if (reason := missing()) is not None:
        pytest.skip(reason)
    return last_release(tmp_path_factory.mktemp("last"))


@pytest.fixture(scope="session")
def upcoming(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return next_release(tmp_path_factory.mktemp("next") / "tree")


@pytest.fixture(scope="module")
def mix() -> Iterator[Callable[[Release], Mixture]]:
    made: list[Mixture] = []

    def make(release: Release) -> Mixture:
        made.append(Mixture(release))
        return made[-1]

    yield make
    for each in made:
        each.remove()
