"""The project's sources in a place where a test may change them."""

import shutil
import subprocess
import sys
from pathlib import Path

from shared.config import surroundings
from stack import ROOT


class Copy:
    """A copy of the project's sources, to be changed and run."""

    def __init__(self, home: Path) -> None:
        self.home = home
        for name in ("shared", "services", "gateway", "stack", "moving", "bench"):
            shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", home)

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "stack", *map(str, arguments)]
        environment = surroundings() | {"PYTHONPATH": str(self.home)}
        return subprocess.run(command, cwd=self.home, env=environment, capture_output=True, text=True)
