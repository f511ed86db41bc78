"""Branch coverage of the tests and of the processes that they start, by package (pyproject.toml: `tool.coverage`)."""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from stack import ROOT

# What a package should reach; the table marks those below.
WANTED_PERCENT = 85


def measure(arguments: Sequence[str]) -> tuple[int, list[str]]:
    """Runs pytest with `arguments`. Returns its exit status, and a line for each package.

    The figures of each process are a file of its own, in a folder that is removed afterwards.
    """
    with tempfile.TemporaryDirectory(prefix="patchbay-coverage-") as folder:
        data = f"--data-file={folder}/data"
        status = _coverage("run", data, "-m", "pytest", *arguments).returncode
        _coverage("combine", "--quiet", data)
        report = Path(folder, "report.json")
        _coverage("json", "--quiet", data, "-o", str(report))
        return status, list(_table(json.loads(report.read_text()) if report.exists() else {"files": {}}))


def _coverage(command: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "coverage", command, *arguments], cwd=ROOT)


def package_of(file: str) -> str:
    """The package that a file counts for: `shared/http`, `gateway`, or `services/dcim` with all below it."""
    return "/".join(PurePosixPath(file).parent.parts[:2])


def _table(report: dict[str, dict[str, dict[str, dict[str, int]]]]) -> Iterator[str]:
    """A line for each package of a report as `coverage json` writes it, and one for all of them."""
    covered: dict[str, int] = defaultdict(int)
    countable: dict[str, int] = defaultdict(int)
    for file, figures in report["files"].items():
        summary = figures["summary"]
        for name in (package_of(file), "all"):
            covered[name] += summary["covered_lines"] + summary["covered_branches"]
            countable[name] += summary["num_statements"] + summary["num_branches"]
    yield f"{'Lines and branches that the tests run':<40}{'of':>7}{'%':>6}"
    for name in sorted(filter(countable.get, countable), key=lambda name: (name == "all", name)):
        percent = 100 * covered[name] / countable[name]
        mark = "" if percent >= WANTED_PERCENT else f"  below {WANTED_PERCENT}"
        yield f"{name:<40}{countable[name]:>7}{percent:>6.1f}{mark}"
