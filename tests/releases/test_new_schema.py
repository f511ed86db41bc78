"""The last release works on the schema that today's migrations make, as its own contract tests say."""

import re
import shutil
from pathlib import Path

import pytest

from stack import ROOT
from tests.releases.trees import Release

pytestmark = pytest.mark.usefixtures("mixed")


def failed(release: Release, *arguments: str) -> set[str]:
    """The contract tests of `release` that fail."""
    done = release.run("-m", "pytest", "-q", "--tb=short", *arguments, "tests/contract")
    assert done.returncode in (0, 1), done.stdout[-20000:] + done.stderr[-2000:]
    print(done.stdout[-20000:])
    return set(re.findall(r"^FAILED (\S+)", done.stdout, re.MULTILINE))


def test_the_last_release_passes_its_contract_tests_on_todays_schema(last: Release) -> None:
    shutil.copy(Path(__file__).with_name("on_todays_schema.py"), last.home)
    wrong = failed(last, "-p", "on_todays_schema", f"--todays-tree={ROOT}")
    # Some of its tests, run in one process, failed on its own schema already.
    assert not wrong or wrong - failed(last) == set()
