"""What is done to a stack: processes killed, stopped for a while, restarted, cut off from each other."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import psutil

from shared.config import SERVICES
from stack.plan import GATEWAY, POSTGRES
from tests.faults.network import CUTS, Network

LONGEST_STOP_SECONDS = 5.0
LONGEST_CUT_SECONDS = 8.0


class Harm:
    """Does random harm to a stack and its `network`, the same for the same seed."""

    def __init__(self, network: Network, seed: int):
        self.network, self.random = network, random.Random(seed)
        self.counts: Counter = Counter()
        self.undoing: list[tuple[float, Callable[[], None]]] = []

    def go_on_for(self, seconds: float) -> None:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            time.sleep(self.random.uniform(0.2, 2.5))
            self._undo(time.monotonic())
            self._once()
        self._undo(float("inf"))

    def _once(self) -> None:
        deeds: list[Callable[..., None]] = [
            self.kill,
            self.kill,
            self.kill_worker,
            self.stop,
            self.stop_worker,
            self.restart,
            self.cut,
            self.cut,
        ]
        deed = self.random.choice(deeds)
        if deed == self.cut:
            self.cut(self.random.choice(list(self.network.relays)), self.random.choice(CUTS))
            return
        name = self.random.choice([*SERVICES, "dcim", "tenancy", GATEWAY, POSTGRES])
        hurt = self.network.stack.processes.get(name)
        if hurt is not None:
            with suppress(psutil.NoSuchProcess):
                deed(hurt)
                self.counts[f"{deed.__name__} {name}"] += 1

    def cut(self, link: str, how: str) -> None:
        self.network.cut(link, how)
        self._later(lambda: self.network.mend(link), LONGEST_CUT_SECONDS)
        self.counts[f"{how} {link}"] += 1

    def kill(self, process: psutil.Process) -> None:
        process.kill()

    def kill_worker(self, process: psutil.Process) -> None:
        if children := process.children():
            self.random.choice(children).kill()

    def restart(self, process: psutil.Process) -> None:
        process.send_signal(signal.SIGTERM if "gunicorn" in " ".join(process.cmdline()) else signal.SIGINT)

    def stop(self, process: psutil.Process) -> None:
        """Stopped: its calls hang, and so do the locks that it holds."""
        self._stop([process, *process.children(recursive=True)])

    def stop_worker(self, process: psutil.Process) -> None:
        """One worker, or one connection's process of PostgreSQL, perhaps in the middle of a transaction."""
        if children := process.children():
            self._stop([self.random.choice(children)])

    def _stop(self, family: list[psutil.Process]) -> None:
        _signal(family, signal.SIGSTOP)
        self._later(partial(_signal, family, signal.SIGCONT), LONGEST_STOP_SECONDS)

    def _later(self, undo: Callable[[], None], longest: float) -> None:
        self.undoing.append((time.monotonic() + self.random.uniform(0.3, longest), undo))

    def _undo(self, now: float) -> None:
        due = [undo for until, undo in self.undoing if until <= now]
        self.undoing = [(until, undo) for until, undo in self.undoing if until > now]
        for undo in due:
            undo()


def _signal(family: list[psutil.Process], number: int) -> None:
    for each in family:
        with suppress(psutil.NoSuchProcess):
            each.send_signal(number)
