"""Single flight: threads that want the same work done at the same time share one run of it."""

from collections.abc import Callable
from threading import Condition


class SingleFlight:
    """Runs one thing at a time; whoever asks while it runs is served by one further run for all of them."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._running = False
        self._begun = self._served = 0

    def do(self, work: Callable[[], object]) -> None:
        """Return once `work` has succeeded in a run that began after this call. Raises what a run of ours raises."""
        with self._condition:
            wanted = self._begun + 1
            self._condition.wait_for(lambda: not self._running or self._served >= wanted)
            if self._served >= wanted:
                return
            self._running = True
            self._begun = mine = self._begun + 1
        succeeded = False
        try:
            work()
            succeeded = True
        finally:
            with self._condition:
                self._running = False
                if succeeded:
                    self._served = mine
                self._condition.notify_all()
