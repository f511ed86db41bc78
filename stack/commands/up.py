"""`patchbay up`: makes the databases if need be, and runs the gateway, the services and PostgreSQL."""

import signal
import subprocess
import sys

import click

from stack import ROOT, processes
from stack.cli_error import CliError
from stack.commands import data_option
from stack.databases import prepare
from stack.folder import DataFolder
from stack.health import wait_until_healthy
from stack.plan import LOOPBACK, Plan


@click.command("up")
@click.option("--detach", is_flag=True, help="Return when everything answers, and leave it running.")
@click.option("--host", default=LOOPBACK, show_default=True, help="Address the gateway listens on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port of the gateway.")
@data_option
def command(detach: bool, host: str, port: int, folder: DataFolder) -> None:
    """Start Patchbay."""
    folder.create()
    with folder.locked():
        if processes.alive(folder):
            raise CliError(f"already running in {folder.path}; ./patchbay down stops it")
        plan = Plan.make(folder, host, port)
        prepare(plan)
        plan.save()
        supervisor = start(plan, detach)
    click.echo(f"Patchbay serves {plan.gateway_url}/api/")
    if not detach:
        sys.exit(wait(supervisor))


def start(plan: Plan, detach: bool) -> subprocess.Popen:
    """The supervisor of `plan`, once all programs answer. Raises CliError, and then leaves nothing running."""
    folder = plan.folder
    folder.forget_metrics()
    with folder.open_log() as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "stack.supervisor", str(folder.path)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log if detach else None,
            stderr=log if detach else None,
            start_new_session=True,
        )
    healthy = False
    try:
        healthy = wait_until_healthy(plan, supervisor)
    finally:
        if not healthy:
            stop_supervisor(supervisor)
            processes.stop(folder)
            plan.cluster.stop()
    if not healthy:
        raise CliError(f"not everything started; {folder.log if detach else 'the lines above'} may say why")
    return supervisor


def stop_supervisor(supervisor: subprocess.Popen) -> None:
    """Ends a supervisor that may not have recorded itself yet."""
    supervisor.terminate()
    try:
        supervisor.wait(processes.SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()


def wait(supervisor: subprocess.Popen) -> int:
    """Hands signals on to the supervisor and returns its exit status; being told to stop is no failure."""
    for told in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(told, lambda number, frame: supervisor.terminate())
    status = supervisor.wait()
    return 0 if status == 128 + signal.SIGTERM else status
