"""`patchbay restore`: what `patchbay backup` wrote, put back."""

from pathlib import Path

import click

from stack import processes
from stack.cli_error import CliError
from stack.commands import data_option, services_argument
from stack.folder import DataFolder
from stack.plan import LOOPBACK, Plan
from stack.restore import adopt, owners_in, put_back, unpacked


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@services_argument
@data_option
def command(file: Path, services: tuple[str, ...], folder: DataFolder) -> None:
    """Replace the databases of each SERVICE, or of all in FILE, by what FILE holds; Patchbay must not run.

    Into a folder that was never set up it brings keys and settings too, and makes embedded databases unless the
    environment says where they are.
    """
    folder.create()
    with folder.locked():
        if processes.alive(folder):
            raise CliError(f"Patchbay runs in {folder.path}; ./patchbay down stops it")
        with unpacked(file, folder) as backup:
            owners = owners_in(backup, services)
            adopt(backup, folder)
            put_back(backup, Plan(folder, LOOPBACK, {}), owners)
    click.echo(f"Restored {', '.join(owners)} as of {backup.moment}.")
    if len(owners) < len(backup.revisions):
        click.echo("The other services may know more than these: after ./patchbay up, run ./patchbay audit.")
