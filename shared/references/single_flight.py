"""Single flight: threads that want the same work done at the same time share one run of it."""

from collections.abc import Callable
from threading import Condition
from typing import Generic, TypeVar

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """Runs one thing at a time; whoever asks while it runs is served by one further run for all of them."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._running = False
        self._begun = self._ended = 0
        self._result: Result | None = None
        self._error: BaseException | None = None

    def do(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, or raises, in a run that began after this call."""
        with self._condition:
            wanted = self._begun + 1
            self._condition.wait_for(lambda: not self._running or self._ended >= wanted)
            if self._ended >= wanted:
                return self._outcome()
            self._running = True
            self._begun += 1
        result, error = None, None
        try:
            result = work()
        except BaseException as raised:
            error = raised
        with self._condition:
            self._running = False
            self._ended = self._begun
            self._result, self._error = result, error
            self._condition.notify_all()
            return self._outcome()

    def _outcome(self) -> Result:
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]
