"""`patchbay test`: the checks come first, and what they say decides."""

from pathlib import Path

import pytest

from tests.running import patchbay
from tests.stack.sources import Copy

ONE = "tests/stack/test_coverage.py::test_a_file_counts_for_the_package_that_a_reader_looks_in"


def test_arguments_choose_the_tests_that_follow_the_checks() -> None:
    done = patchbay("test", ONE)
    assert done.returncode == 0, done.stdout + done.stderr
    told = [
        done.stdout.index(each) for each in ("All checks passed", "already formatted", "no issues found", "1 passed")
    ]
    assert told == sorted(told)


def test_coverage_ends_with_a_line_for_each_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # of a run that measures this one
    done = patchbay("test", "--coverage", ONE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("all ")


def test_nothing_is_run_when_a_check_fails(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    changed = copy.home / "shared" / "config.py"
    changed.write_text("import sys\n" + changed.read_text())
    done = copy.run("test")
    assert done.returncode == 1
    assert "F401" in done.stdout and "already formatted" not in done.stdout and "passed" not in done.stdout
