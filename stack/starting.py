"""Starting a program: alone, or as a fork of the process that has the libraries (stack/preloaded.py)."""

import json
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import BinaryIO

import psutil

from stack import ROOT, processes
from stack.folder import DataFolder
from stack.plan import Program
from stack.processes import STANDBY, SUPERVISOR
from stack.record import claim

# As long as it may take to load the libraries on a busy machine.
SECONDS_TO_FORK = 60.0


class Starter:
    """Starts the programs of one stack, each with its record claimed and its output in its log."""

    def __init__(self, folder: DataFolder) -> None:
        self.folder = folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._preloaded: _Preloaded | None = None

    def start(self, program: Program) -> psutil.Process:
        """The process that `program` is from now on. Raises OSError, SubprocessError, psutil.NoSuchProcess."""
        with self.folder.open_log(SUPERVISOR if program.name == STANDBY else program.name) as log:
            return psutil.Process(self._fork(program, log) if program.preloaded else self._execute(program, log))

    def bury(self, name: str) -> None:
        """Takes note that `name` is dead."""
        if child := self._children.pop(name, None):
            child.wait()

    def _execute(self, program: Program, log: BinaryIO) -> int:
        child = subprocess.Popen(
            program.command,
            env=program.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            # The program inherits the lock on its record.
            close_fds=False,
            preexec_fn=partial(claim, processes.record(self.folder, program.name)),
        )
        self._children[program.name] = child
        return child.pid

    def _fork(self, program: Program, log: BinaryIO) -> int:
        if self._preloaded is None:
            self._preloaded = _Preloaded(program.preloaded, self.folder)
        try:
            return self._preloaded.fork(program, processes.record(self.folder, program.name), log)
        except OSError:
            # The next try has another.
            self._preloaded.end()
            self._preloaded = None
            raise


class _Preloaded:
    """The process that others are forked from, with the environment of none of them."""

    def __init__(self, environment: dict[str, str], folder: DataFolder) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._requests.settimeout(SECONDS_TO_FORK)
        with theirs, folder.open_log(SUPERVISOR) as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "stack.preloaded"],
                env=environment,
                cwd=ROOT,
                stdin=theirs.fileno(),
                stdout=log,
                stderr=log,
            )

    def fork(self, program: Program, record: Path, log: BinaryIO) -> int:
        """The pid of a fork that is `program`. Raises OSError."""
        told = {
            "name": program.name,
            "module": program.command[2:],
            "environment": program.environment,
            "record": str(record),
        }
        socket.send_fds(self._requests, [json.dumps(told).encode()], [log.fileno()])
        if not (answer := self._requests.recv(64)):
            raise ConnectionResetError("the process with the libraries is gone")
        return int(answer)

    def end(self) -> None:
        """Kills it; what was forked goes on."""
        self._requests.close()
        self._process.kill()
        self._process.wait()
