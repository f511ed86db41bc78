"""Which processes of a stack live, told from the pids recorded in its data folder, never from names."""

import os
from collections.abc import Iterable
from pathlib import Path
from signal import SIGKILL, SIGTERM

import psutil

from stack.folder import DataFolder

SUPERVISOR = "supervisor"
STANDBY = "standby"
SECONDS_TO_STOP = 10.0


def record(folder: DataFolder, name: str) -> Path:
    """The file with the pid of the process `name`."""
    return folder.processes / f"{name}.pid"


def leader(folder: DataFolder, name: str) -> psutil.Process | None:
    """The process that recorded itself as `name`, unless it is gone or its pid was given to another since."""
    path = record(folder, name)
    try:
        process = psutil.Process(int(path.read_text()))
        recorded = process.create_time() <= path.stat().st_mtime + 1
        return process if recorded and process.status() != psutil.STATUS_ZOMBIE else None
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None


def supervisors(folder: DataFolder) -> list[psutil.Process]:
    """Those of the supervisor and the standby that are alive.

    A standby that takes over is for a moment in both records.
    """
    found = {process.pid: process for name in (STANDBY, SUPERVISOR) if (process := leader(folder, name))}
    return [found[pid] for pid in reversed(found)]


def members(folder: DataFolder, name: str) -> list[psutil.Process]:
    """All living processes of `name`: those of the session that its recorded process leads or led."""
    path = record(folder, name)
    if not path.exists() or path.stat().st_mtime < psutil.boot_time():
        return []
    session = int(path.read_text() or 0)
    if not session:  # killed before it could write its pid; the processes of session 0 are the kernel's, and pid 1
        return []
    if psutil.pid_exists(session) and leader(folder, name) is None and not _zombie(session):
        return []
    return [process for process in psutil.process_iter() if _session_of(process) == session]


def alive(folder: DataFolder) -> list[psutil.Process]:
    """Every living process of the stack; first those that would restart others."""
    names = {path.stem for path in folder.processes.glob("*.pid")}
    first = [STANDBY, SUPERVISOR]
    return [process for name in (*first, *sorted(names - {*first})) for process in members(folder, name)]


def stop(folder: DataFolder) -> None:
    """Asks the supervisor to end the stack, then kills every process that is left."""
    supervisor = leader(folder, SUPERVISOR)
    if supervisor is not None:
        supervisor.send_signal(SIGTERM)
        psutil.wait_procs([supervisor], timeout=SECONDS_TO_STOP)
    # Killing is safe: PostgreSQL replays its log.
    _end(alive(folder), SIGTERM)
    while left := alive(folder):
        _end(left, SIGKILL)
    for path in folder.processes.glob("*.pid"):
        path.unlink()


def _end(processes: Iterable[psutil.Process], signal: int) -> None:
    processes = list(processes)
    for process in processes:
        try:
            process.send_signal(signal)
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=SECONDS_TO_STOP)


def _zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _session_of(process: psutil.Process) -> int | None:
    try:
        return None if process.status() == psutil.STATUS_ZOMBIE else os.getsid(process.pid)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return None
