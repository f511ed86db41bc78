"""The sources of releases: today's, the last one's out of git, and a next one that is made of today's."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from shared.config import surroundings
from stack import ROOT
from stack.folder import DataFolder

FOLDERS = ("shared", "services", "gateway", "stack", "moving")
# The commit of the last release: to be named anew with each.
LAST = Path(__file__).with_name("last_release.txt")

_PROGRAMS = """
import json, sys
from stack.folder import DataFolder
from stack.plan import Plan
programs = Plan.load(DataFolder(sys.argv[1])).programs()
print(json.dumps({each.name: [each.command, each.environment] for each in programs}))
"""


class Release:
    """A tree of sources in `home` that can be run."""

    def __init__(self, name: str, home: Path) -> None:
        self.name, self.home = name, home

    def __repr__(self) -> str:
        return self.name

    def run(self, *arguments: object, **environment: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-P", *map(str, arguments)]
        around = surroundings() | {"PYTHONPATH": str(self.home)} | environment
        return subprocess.run(command, cwd=self.home, env=around, capture_output=True, text=True)

    def patchbay(self, command: str, folder: DataFolder, *arguments: str) -> subprocess.CompletedProcess:
        return self.run("-m", "stack", command, "--data", folder.path, *arguments)

    def programs(self, folder: DataFolder) -> dict[str, tuple[list[str], dict[str, str]]]:
        """How this release runs each of its programs: `{name: (command, environment)}`."""
        told = self.run("-c", _PROGRAMS, folder.path)
        assert told.returncode == 0, told.stderr
        return {
            name: (command, environment | {"PYTHONPATH": str(self.home)})
            for name, (command, environment) in json.loads(told.stdout).items()
        }


TODAY = Release("today", ROOT)


def commit_of_last() -> str:
    return LAST.read_text().split()[0]


def missing() -> str | None:
    """Why the last release cannot be had here; None if it can."""
    found = subprocess.run(["git", "cat-file", "-e", f"{commit_of_last()}^{{commit}}"], cwd=ROOT, capture_output=True)
    if found.returncode == 0:
        return None
    return f"the commit of the last release ({commit_of_last()}) is not in this clone: git fetch --unshallow"


def last_release(home: Path) -> Release:
    """The last release, checked out into `home`."""
    archive = subprocess.run(["git", "archive", commit_of_last()], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", home], input=archive.stdout, check=True)
    return Release("last", home)


def copy_of_today(home: Path) -> Path:
    for name in FOLDERS:
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", home)
    return home
