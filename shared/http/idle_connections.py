"""Connections on which nothing is under way."""

import select
from typing import Protocol


class HasFileno(Protocol):
    """A socket, or what has one."""

    def fileno(self) -> int: ...


def was_closed(connection: HasFileno) -> bool:
    """Whether the server has closed an idle connection: as nothing was asked on it, there is nothing else to read."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))
