"""`patchbay down`: ends every process of a stack, also of one that crashed."""

import click

from stack import processes
from stack.cli_error import CliError
from stack.commands import data_option
from stack.folder import DataFolder
from stack.postgres import Cluster


@click.command("down")
@data_option
def command(folder: DataFolder) -> None:
    """Stop Patchbay."""
    if not folder.processes.is_dir():
        raise CliError(f"nothing was ever started in {folder.path}")
    with folder.locked():
        processes.stop(folder)
        Cluster(folder).stop()
    click.echo("Stopped.")
