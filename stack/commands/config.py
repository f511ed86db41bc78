"""`patchbay config`: what a data folder remembers of how it was set up."""

import click

from shared.config import APPS, Settings, is_private, surroundings
from stack import processes, settings_file
from stack.cli_error import CliError
from stack.commands import data_option
from stack.folder import DataFolder

# What a stack is set up with: under running programs these would be another database, or no key that fits.
FIXED = {*map(settings_file.url_variable, settings_file.DATABASES), *map(settings_file.key_variable, APPS)}


@click.command("config")
@click.argument("settings", nargs=-1, metavar="[NAME[=[VALUE]]]...")
@click.option("--reveal", is_flag=True, help="Show secrets too.")
@data_option
def command(settings: tuple[str, ...], reveal: bool, folder: DataFolder) -> None:
    """Show the settings of the data folder, or those called NAME; NAME=VALUE changes one, NAME= forgets it.

    What the folder says holds for every command; what it does not say comes from the environment. Where a database is
    is its URL, or the word embedded.
    """
    changes = dict(each.split("=", 1) for each in settings if "=" in each)
    if changes:
        change(folder, changes)
    remembered = settings_file.read(folder)
    for name in [each.partition("=")[0] for each in settings] or sorted(remembered):
        if name in remembered:
            hidden = is_private(name) and remembered[name] != settings_file.EMBEDDED and not reveal
            click.echo(f"{name}={'(hidden)' if hidden else remembered[name]}")
        elif name not in Settings.variables():
            raise CliError(f"{name} is no setting; docs/operations.md lists them")
        elif name in (defaults := Settings.defaults()) and not surroundings().get(name):
            click.echo(f"{name}={defaults[name]} (the default)")
        else:
            click.echo(f"{name} is {'said by the environment' if surroundings().get(name) else 'not set'}")


def change(folder: DataFolder, changes: dict[str, str]) -> None:
    """Raises CliError where a value is wrong, or would be another database under a running stack."""
    folder.create()
    with folder.locked():
        remembered = settings_file.read(folder)
        changed = {name for name, value in changes.items() if remembered.get(name, "") != value}
        if processes.alive(folder) and (places := sorted(changed & FIXED)):
            raise CliError(f"{places[0]} cannot change while Patchbay runs; ./patchbay down stops it")
        settings_file.write(folder, {name: value for name, value in (remembered | changes).items() if value})
        if processes.alive(folder):
            click.echo("./patchbay restart has the running programs know it", err=True)
