"""`patchbay restart`: programs anew, each as soon as it has finished what it does."""

import signal
import time

import click
import psutil

from stack import processes
from stack.cli_error import CliError
from stack.commands import data_option
from stack.folder import DataFolder
from stack.health import HEALTHY, SECONDS_TO_START, state
from stack.plan import POSTGRES, Plan

SECONDS_TO_FINISH = 35


@click.command("restart")
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@data_option
def command(services: tuple[str, ...], folder: DataFolder) -> None:
    """Restart each SERVICE, or all but PostgreSQL one after the other, with the settings as they are.

    `postgres`, the embedded one, is restarted only when it is named.
    """
    plan = Plan.load(folder)
    known = [name for name in plan.names if name != processes.STANDBY]
    for name in services:
        if name not in known:
            raise CliError(f"{name} is none of {', '.join(known)}")
    if processes.leader(folder, processes.SUPERVISOR) is None:
        raise CliError(f"no supervisor runs in {folder.path}: ./patchbay down, then ./patchbay up")
    with folder.locked():
        named = services or [name for name in known if name != POSTGRES]
        for name in dict.fromkeys(map(plan.program_of, named)):
            restart(plan, name)
            click.echo(f"Restarted {name}.")


def restart(plan: Plan, name: str) -> None:
    """Ends the program `name`, which its supervisor starts again; returns when all that it serves answers.

    Raises CliError.
    """
    served = [each for each in plan.names if plan.program_of(each) == name]
    before = processes.leader(plan.folder, name)
    if before is not None:
        # On SIGTERM PostgreSQL would wait until all clients have disconnected.
        before.send_signal(signal.SIGINT if name == POSTGRES else signal.SIGTERM)
        try:
            before.wait(SECONDS_TO_FINISH)
        except psutil.TimeoutExpired:
            before.kill()
    give_up = time.monotonic() + SECONDS_TO_START
    while processes.leader(plan.folder, name) in (None, before) or any(state(plan, each) != HEALTHY for each in served):
        if time.monotonic() > give_up:
            raise CliError(f"{name} does not answer; ./patchbay logs {name} may say why")
        time.sleep(0.1)
