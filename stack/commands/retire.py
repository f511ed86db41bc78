"""`patchbay retire`: a service that is gone for good."""

import click

from shared.config import APPS
from stack.commands import data_option
from stack.folder import DataFolder
from stack.internal_api import ask
from stack.plan import Plan

SECONDS_TO_RETIRE = 60


@click.command("retire")
@click.argument("service", type=click.Choice(APPS))
@data_option
def command(service: str, folder: DataFolder) -> None:
    """Have all others let go of SERVICE, which is gone for good: no change is kept for it, no delete asks it.

    It must have been stopped. Should it come back, it claims anew what it refers to.
    """
    plan = Plan.load(folder)
    for owner in APPS:
        if owner != service:
            ask(plan, owner, "retirements", {"holder": service}, SECONDS_TO_RETIRE)
            click.echo(f"{owner} keeps nothing for {service} any more")
