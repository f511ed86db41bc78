"""The folder in which the workers of a process share what they count, made anew with each process."""

import os
import shutil
import tempfile
from pathlib import Path


def prepare(given: str, parent: str | None) -> str:
    """The folder `given`, or a private one in `parent`, without what a process before has counted."""
    if not given:
        return tempfile.mkdtemp(prefix="patchbay-metrics-", dir=parent)
    folder = Path(given)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)
    return given


def remove(given: str) -> None:
    """Remove what `prepare` made, unless it was `given`."""
    if not given:
        shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
