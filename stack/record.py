"""The records in `<data>/processes`: each holds the pid of a process that has it locked for as long as it lives.

Imports next to nothing: whoever stands by for the supervisor holds no more in memory than this.
"""

import fcntl
import os
from pathlib import Path


def claim(path: Path, wait: bool = False) -> None:
    """Note this process in `path`, to the end of its life, past an `exec` too.

    `wait`: until whoever has it now is gone, which the kernel tells; else raises BlockingIOError.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    # A lock of POSIX: children of this process do not inherit it.
    fcntl.lockf(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    os.ftruncate(file, 0)
    os.write(file, str(os.getpid()).encode())
    os.set_inheritable(file, True)
