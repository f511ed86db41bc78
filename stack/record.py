"""The records in `<data>/processes`: each holds the pid of a process that has it locked for as long as it lives.

Imports next to nothing: the standby supervisor has no more than this in memory.
"""

import fcntl
import os
from pathlib import Path


def claim(path: Path, wait: bool = False) -> None:
    """Record the pid of this process in `path`, locked until the process ends, even after an `exec`.

    With `wait`, waits until the process that has it now is gone; else raises BlockingIOError.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    # A lock of POSIX: children of this process do not inherit it.
    fcntl.lockf(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    os.ftruncate(file, 0)
    os.write(file, str(os.getpid()).encode())
    os.set_inheritable(file, True)
