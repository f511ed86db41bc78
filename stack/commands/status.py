"""`patchbay status`: the health of each process."""

import sys
from collections.abc import Iterator

import click

from shared import JsonObject
from shared.config import SERVICES
from stack import processes
from stack.commands import data_option
from stack.folder import DataFolder
from stack.health import HEALTHY, SECONDS_TO_ANSWER, states
from stack.internal_api import ask
from stack.plan import Plan

SECONDS_LATE = 5


@click.command("status")
@data_option
def command(folder: DataFolder) -> None:
    """Show each process and its health; exit 1 if one is down."""
    plan = Plan.load(folder)
    found = states(plan)
    for name, state in found.items():
        click.echo(f"{name:<14}  {_place(plan, name)}  {state}")
    for service in (each for each in SERVICES if found[each] == HEALTHY):
        progress = ask(plan, service, "progress", {}, SECONDS_TO_ANSWER)
        for line in (*lost_pasts(service, progress), *late_changes(service, progress), *facts(service, progress)):
            click.echo(line)
    sys.exit(any(state != HEALTHY for state in found.values()))


def _place(plan: Plan, name: str) -> str:
    """Where the process `name` is."""
    if plan.elsewhere:
        return f"{plan.health_base(name):<28}"
    process = processes.leader(plan.folder, plan.program_of(name))
    return f"pid {process.pid if process else '-':<8}  port {plan.ports.get(name, '-'):<6}"


def lost_pasts(service: str, progress: JsonObject) -> Iterator[str]:
    """What was noticed of services that were restored from a backup."""
    for owner, state in progress["owners"].items():
        if state["restored"]:
            behind, other = (owner, service) if state["restored"] == "owner" else (service, owner)
            yield f"{behind} is behind what {other} remembers of it: ./patchbay audit says what differs"


def late_changes(service: str, progress: JsonObject) -> Iterator[str]:
    """The changes of `service` that its holders should have by now."""
    for holder, state in progress["holders"].items():
        if (state["oldest"] or 0) > SECONDS_LATE:
            late = f"{state['changes']} changes of {service}, the oldest for {state['oldest']:.0f} seconds"
            yield f"{holder} lacks {late}"


def facts(service: str, progress: JsonObject) -> Iterator[str]:
    """What `service` has yet to learn of the objects it refers to."""
    for owner, state in progress["owners"].items():
        for label, what in state["fetching"].items():
            yield f"{service} fetches {', '.join(what['facts'])} of {label}, for {what['left']} more"
        if state["set_aside"]:
            objects = f"{state['set_aside']} objects of {owner}"
            yield f"{service} cannot apply what it was told of {objects}: ./patchbay logs {service}"
