"""`patchbay migrate`: brings databases up to date."""

import click

from stack.commands import data_option
from stack.databases import prepare
from stack.folder import DataFolder
from stack.plan import LOOPBACK, Plan
from stack.settings_file import DATABASES


@click.command("migrate")
@click.argument("services", nargs=-1, type=click.Choice(DATABASES), metavar="[SERVICE]...")
@data_option
def command(services: tuple[str, ...], folder: DataFolder) -> None:
    """Bring the databases of each SERVICE up to date, or every one; Patchbay may be running.

    The accounts are in the database of the gateway.
    """
    folder.create()
    with folder.locked():
        prepare(Plan(folder, LOOPBACK, {}), services or DATABASES)
    named = " and ".join([", ".join(services[:-1]), services[-1]] if len(services) > 1 else services)
    click.echo(
        f"The database of {named} is up to date."
        if len(services) == 1
        else f"The databases of {named} are up to date."
        if services
        else "Every database is up to date."
    )
