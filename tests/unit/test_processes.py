"""Which processes a data folder's records mean."""

import os
from pathlib import Path

from stack import processes
from stack.folder import DataFolder


def test_a_record_without_a_pid_means_no_process(tmp_path: Path, monkeypatch) -> None:
    """The kernel's processes, and often pid 1 and what a container's engine starts in it, are of session 0."""
    monkeypatch.setattr(os, "getsid", lambda pid: 0)
    folder = DataFolder(tmp_path / "data")
    folder.create()
    folder.processes.mkdir(exist_ok=True)
    processes.record(folder, "dcim").touch()
    assert processes.members(folder, "dcim") == processes.alive(folder) == []
