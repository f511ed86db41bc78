"""`patchbay up`: makes the databases if need be, and runs the gateway, the services and PostgreSQL."""

import signal
import subprocess
import sys

import click
import psutil

from stack import ROOT, processes
from stack.cli_error import CliError
from stack.commands import data_option
from stack.commands.logs import show
from stack.databases import prepare
from stack.folder import DataFolder
from stack.health import wait_until_healthy
from stack.logs import LogTail
from stack.plan import LOOPBACK, Plan


@click.command("up")
@click.option("--detach", is_flag=True, help="Return when everything answers, and leave it running.")
@click.option("--host", default=LOOPBACK, show_default=True, help="Address the gateway listens on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port of the gateway.")
@click.option("--small", is_flag=True, help="For a small machine: one process serves all services.")
@data_option
def command(detach: bool, host: str, port: int, small: bool, folder: DataFolder) -> None:
    """Start Patchbay; without --detach show what its programs write, and stop it when told to (Ctrl-C)."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # a start that is told to end takes back what it has started
    folder.create()
    with folder.locked():
        if processes.alive(folder):
            raise CliError(f"already running in {folder.path}; ./patchbay down stops it")
        plan = Plan.make(folder, host, port, small)
        prepare(plan)
        plan.save()
        click.echo(f"Starting {len(plan.programs()) - 1} programs")
        supervisor = start(plan)
        follower = LogTail(folder)
    told = signals_told()
    click.echo(f"Patchbay serves {plan.public_url}/api/")
    if not detach:
        sys.exit(watch(folder, follower, supervisor, told))


def start(plan: Plan) -> subprocess.Popen[bytes]:
    """The supervisor of `plan`, once all programs answer. Raises CliError, and then leaves nothing running."""
    folder = plan.folder
    with folder.open_log(processes.SUPERVISOR) as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "stack.supervisor", str(folder.path)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    unhealthy = {"patchbay": "was interrupted"}
    try:
        unhealthy = wait_until_healthy(plan, supervisor)
    finally:
        if unhealthy:
            stop_supervisor(supervisor)
            processes.stop(folder)
            plan.cluster.stop()
    if unhealthy:
        told = ", ".join(f"{name} {state}" for name, state in unhealthy.items())
        raise CliError(f"not everything started: {told}; {folder.logs} may say why")
    return supervisor


def stop_supervisor(supervisor: subprocess.Popen[bytes]) -> None:
    """Ends a supervisor that may not have recorded itself yet."""
    supervisor.terminate()
    try:
        supervisor.wait(processes.SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()


def signals_told() -> list[int]:
    """A list that grows by each signal to end that arrives from now on."""
    told: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: told.append(number))
    return told


def watch(folder: DataFolder, follower: LogTail, supervisor: subprocess.Popen[bytes], told: list[int]) -> int:
    """Shows what the programs write until `told` to stop, or stopped by `down`; the exit status."""

    def going_on() -> bool:
        supervisor.poll()  # one that was killed leaves its place to the other
        return not told and bool(processes.supervisors(folder))

    for name, line in follower.lines(going_on):
        show(name, line)
    if not told:
        # Either `down` is stopping the stack, or both supervisors were killed.
        psutil.wait_procs(processes.alive(folder), timeout=processes.SECONDS_TO_STOP)
    left = [] if told else processes.alive(folder)
    processes.stop(folder)
    return int(bool(left))
