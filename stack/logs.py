"""Reading the logs of a stack's programs: what is there, and what comes."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from stack.folder import DataFolder

SECONDS_BETWEEN_LOOKS = 0.2


def names(folder: DataFolder) -> list[str]:
    """The programs that have ever written."""
    return sorted(path.stem for path in folder.logs.glob("*.log"))


def last(folder: DataFolder, name: str, number: int) -> list[str]:
    """The last `number` lines of the program `name`."""
    with folder.log(name).open(errors="replace") as log:
        return [line.rstrip("\n") for line in deque(log, number)]


class LogTail:
    """What the programs write from now on."""

    def __init__(self, folder: DataFolder, programs: Sequence[str] = ()) -> None:
        self._folder, self._programs = folder, programs
        self._read = {name: folder.log(name).stat().st_size for name in self._names()}

    def lines(self, going_on: Callable[[], bool]) -> Iterator[tuple[str, str]]:
        """(program, line) of each, until there is nothing left and not `going_on()`."""
        while True:
            last_look = not going_on()
            for name in self._names():
                yield from ((name, line) for line in self._news(name))
            if last_look:
                return
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _names(self) -> Sequence[str]:
        written = names(self._folder)
        return [name for name in self._programs if name in written] if self._programs else written

    def _news(self, name: str) -> list[str]:
        """The complete lines that were added to one file; a file that was cut off is read from its beginning."""
        with self._folder.log(name).open("rb") as log:
            start = self._read.get(name, 0)
            log.seek(start if start <= log.seek(0, 2) else 0)
            start, added = log.tell(), log.read()
        complete = added[: added.rfind(b"\n") + 1]
        self._read[name] = start + len(complete)
        return complete.decode(errors="replace").splitlines()
