"""`patchbay backup`: everything, or some services, in one file."""

from pathlib import Path

import click

from stack.backup import take
from stack.cli_error import CliError
from stack.commands import data_option, services_argument
from stack.folder import DataFolder
from stack.plan import LOOPBACK, Plan
from stack.settings_file import DATABASES


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@services_argument
@data_option
def command(file: Path, services: tuple[str, ...], folder: DataFolder) -> None:
    """Write the databases of each SERVICE, or of all, to FILE, with images, keys and settings.

    All are of one moment, so the services agree; Patchbay may be running. Whoever has FILE has every secret in it.
    """
    folder.create()
    with folder.locked():
        try:
            take(Plan(folder, LOOPBACK, {}), services or DATABASES, file.absolute())
        except OSError as error:
            raise CliError(f"cannot write {file}: {error.strerror}") from error
    click.echo(f"Written to {file} ({file.stat().st_size / 1e6:.1f} MB).")
