"""The circuit breaker of one copy of a service: who hangs must not hold a thread of the gateway for each request.

After some requests in a row that were not answered in time, the copy is asked whether it is up, on a new connection and
in the background. One that does not say so is left out, and asked again every second until it does. A copy that is
slow, but says that it is up, is never left out; nor does one impatient client count, who leaves early.
"""

import logging
import threading
import time
from collections.abc import Callable

from gateway import metrics

# So many requests in a row that each waited at least so long in vain.
MOST_SILENT = 3
SILENT_SECONDS = 1.0
SECONDS_BETWEEN_PROBES = 1.0

log = logging.getLogger("patchbay.gateway")


class Health:
    """What is known of a copy of `app`: whether it is `left_out`, and whether because it `hangs`. `answers` asks it."""

    def __init__(self, app: str, answers: Callable[[], bool]) -> None:
        self.left_out = self.hangs = False
        self._app, self._answers = app, answers
        self._silent = 0
        self._probing, self._changing = threading.Lock(), threading.Lock()

    def answered(self) -> None:
        """It has answered a request, whatever."""
        if self._silent or self.left_out:
            self._silent = 0
            self._leave_out(False)

    def silent(self, seconds: float) -> None:
        """A request waited for so long in vain."""
        if seconds >= SILENT_SECONDS:
            self._silent += 1
        if self._silent >= MOST_SILENT:
            self._probe()

    def away(self) -> None:
        """It takes no connection."""
        self._leave_out(True)
        self._probe()

    def _leave_out(self, whether: bool) -> None:
        with self._changing:
            self.hangs = whether and self._silent >= MOST_SILENT
            if whether is not self.left_out:
                self.left_out = whether
                metrics.copies_left_out(self._app, 1 if whether else -1)
                log.warning("a copy of %s %s", self._app, "is left out" if whether else "is asked again")

    def _probe(self) -> None:
        """Ask it in the background until it answers, unless that is being done."""
        if self._probing.acquire(blocking=False):
            threading.Thread(target=self._run, name="probe", daemon=True).start()

    def _run(self) -> None:
        try:
            while not self._answers():
                self._leave_out(True)
                time.sleep(SECONDS_BETWEEN_PROBES)
            self.answered()
        finally:
            self._probing.release()
