"""Another copy of a service of a stack, to be restarted and hurt."""

import signal
import subprocess

import psutil
import requests

from stack import ROOT
from stack.plan import METRICS, Plan
from tests.running import Stack, eventually, free_port


class ServiceCopy:
    """A service of its own port, on the database of the stack's; two workers."""

    def __init__(self, stack: Stack, name: str) -> None:
        (program,) = [each for each in Plan.load(stack.folder).programs() if each.name == name]
        self.port = free_port()
        self._command = [*program.command[:-2], f"127.0.0.1:{self.port}", "--workers", "2", program.command[-1]]
        self._environment = {**program.environment, **stack.environment, METRICS: ""}
        self._log = stack.folder.open_log(f"{name}-{self.port}")
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def workers(self) -> set[psutil.Process]:
        return set(psutil.Process(self.process.pid).children())

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, stdout=self._log, stderr=self._log, start_new_session=True
        )
        eventually(self._answers, "the copy answers")

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz").ok and len(self.workers) == 2
        except requests.RequestException:
            return False

    def reload(self) -> None:
        """New workers for old ones."""
        before = self.workers
        self.process.send_signal(signal.SIGHUP)
        eventually(lambda: self._answers() and not self.workers & before, "there are two new workers")

    def restart(self) -> None:
        """End in good order, and begin again."""
        self.stop()
        self.start()

    def lose_a_worker(self) -> None:
        """Kill one, in the middle of whatever it does."""
        killed = self.workers.pop()
        killed.kill()
        eventually(lambda: self._answers() and killed not in self.workers, "there is another worker")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def close(self) -> None:
        """End it for good."""
        self.stop()
        self._log.close()
