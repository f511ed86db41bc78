"""Places that all programs on a machine share: whoever has locked one of the files of a folder has its place."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.http import budget
from shared.http.errors import ServiceUnavailable

PAUSE_SECONDS = 0.05


class Places:
    """`count` places, which a file in `folder` stands for each. The folder is made when the first is taken."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count

    @contextmanager
    def taken(self) -> Iterator[int]:
        """Has one place within: the descriptor of its file. A process that inherits it keeps the place until it ends.

        Raises ServiceUnavailable when the budget ends before there is one.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while (place := self._free()) is None:
            if budget.is_over():
                raise ServiceUnavailable("The service is busy.")
            time.sleep(PAUSE_SECONDS)
        try:
            yield place
        finally:
            os.close(place)

    def _free(self) -> int | None:
        for number in range(self.count):
            place = os.open(self.folder / str(number), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(place)
            else:
                return place
        return None
