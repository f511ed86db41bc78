"""What `./patchbay test` says of coverage: processes that a test starts count, and every package has a line."""

from pathlib import Path

import pytest

from stack import coverage

CHILD = """
import subprocess, sys

def test_a_child():
    use = "from shared.schema.natural_order import *"
    subprocess.run([sys.executable, "-c", use], cwd={root!r}, check=True)
    assert {fine}
"""


def percents(table: list[str]) -> dict[str, float]:
    return {words[0]: float(words[2]) for words in map(str.split, table[1:])}


@pytest.fixture
def not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run of all tests tells its own processes is not for those that a test measures."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.mark.usefixtures("not_measured")
@pytest.mark.parametrize("fine", [True, False])
def test_what_a_child_runs_is_counted_and_the_exit_status_is_of_the_tests(tmp_path: Path, fine: bool) -> None:
    test = tmp_path / "test_child.py"
    test.write_text(CHILD.format(root=str(coverage.ROOT), fine=fine))
    status, table = coverage.measure(["-q", "-p", "no:cacheprovider", str(test)])
    assert (status == 0) == fine
    found = percents(table)
    assert found["shared/schema"] > 0
    assert found["services/dcim"] == found["gateway/web"] == 0
    assert [line.endswith("below 85") for line in table[1:]] == [percent < 85 for percent in found.values()]
    assert table[-1].startswith("all ")


def test_a_file_counts_for_the_package_that_a_reader_looks_in() -> None:
    files = ("shared/config.py", "shared/http/client.py", "services/dcim/racks/elevation.py", "moving/plan.py")
    assert [coverage.package_of(file) for file in files] == ["shared", "shared/http", "services/dcim", "moving"]
