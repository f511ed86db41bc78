"""Starting the programs of a stack, starting again what dies, and ending all in good order when told to."""

import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from datetime import UTC, datetime

import psutil

from stack import processes
from stack.cli_error import CliError
from stack.folder import DataFolder
from stack.plan import POSTGRES, Plan, Program
from stack.processes import STANDBY
from stack.starting import Starter

SECONDS_BEFORE_RESTART = 0.5
# Told to end, a program may finish what it does for so long, and is then told to end at once.
SECONDS_TO_FINISH = 3.0
SECONDS_TO_OBEY = 3.0


class Supervision:
    """Runs the programs of the plan saved in `folder`; those that run already are adopted as they are."""

    def __init__(self, folder: DataFolder) -> None:
        self.folder = folder
        self._starter = Starter(folder)
        self._running: dict[str, psutil.Process] = {}
        self._due: dict[str, float] = {}
        self._stopping = False
        self._selector = selectors.DefaultSelector()
        self._known = Plan.load(folder).programs()

    def run(self) -> None:
        """Returns when told to stop (TERM or INT) and everything has ended."""
        self._listen_for_signals()
        # If this process was the standby, that was its record.
        processes.record(self.folder, STANDBY).unlink(missing_ok=True)
        self._due = {program.name: 0.0 for program in self._programs()}
        while not self._stopping:
            self._start_what_is_due()
            self._wait(min(self._due.values(), default=None))
        self._stop()

    def _programs(self) -> list[Program]:
        """The programs as the plan and the settings say now, so that a restarted program gets changed settings."""
        try:
            self._known = Plan.load(self.folder).programs()
        except CliError as error:
            _say(f"{error.message}; going on with the settings of before")
        return self._known

    def _listen_for_signals(self) -> None:
        def told(number: int, frame: object) -> None:
            self._stopping = True

        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        self._wake_up = (ours, theirs)
        signal.set_wakeup_fd(theirs.fileno())
        self._selector.register(ours, selectors.EVENT_READ, None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, told)

    def _start_what_is_due(self) -> None:
        now = time.monotonic()
        if any(due <= now for due in self._due.values()):
            for program in self._programs():
                if self._due.get(program.name, now + 1) <= now:
                    del self._due[program.name]
                    self._start(program)

    def _start(self, program: Program) -> None:
        running = processes.leader(self.folder, program.name)
        try:
            if running is None:
                # What a killed program leaves behind may still hold its port.
                _signal(processes.members(self.folder, program.name), signal.SIGTERM)
                running = self._starter.start(program)
            self._selector.register(os.pidfd_open(running.pid), selectors.EVENT_READ, program.name)
            self._running[program.name] = running
        except (OSError, psutil.NoSuchProcess, subprocess.SubprocessError) as error:
            _say(f"{program.name} cannot be started: {error}")
            self._died(program.name)

    def _wait(self, due: float | None) -> None:
        """Until something dies, a signal comes, or it is `due`."""
        for key, _ in self._selector.select(None if due is None else max(0.0, due - time.monotonic())):
            if key.data is None:
                self._wake_up[0].recv(4096)
            else:
                self._selector.unregister(key.fileobj)
                os.close(key.fd)
                self._died(key.data)

    def _died(self, name: str) -> None:
        self._running.pop(name, None)
        self._starter.bury(name)
        if not self._stopping:
            _say(f"{name} ended and is started again")
            self._due[name] = time.monotonic() + SECONDS_BEFORE_RESTART

    def _stop(self) -> None:
        """End all programs: first the standby, which must not take over, and PostgreSQL last, as the others need it."""
        self._end([STANDBY], signal.SIGKILL)
        self._end([name for name in self._running if name != POSTGRES], signal.SIGTERM)
        self._end([POSTGRES], signal.SIGINT)

    def _end(self, names: Iterable[str], how: signal.Signals) -> None:
        names = [name for name in names if name in self._running]
        for number, seconds in ((how, SECONDS_TO_FINISH), (signal.SIGINT, SECONDS_TO_OBEY)):
            _signal((self._running[name] for name in names if name in self._running), number)
            give_up = time.monotonic() + seconds
            while self._running.keys() & names and time.monotonic() < give_up:
                self._wait(give_up)


def _say(line: str) -> None:
    """A line of the supervisor's log."""
    print(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {line}", flush=True)


def _signal(family: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in list(family):
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue
