"""`patchbay logs`: what the programs write."""

import click

from stack import logs
from stack.cli_error import CliError
from stack.commands import data_option
from stack.folder import DataFolder
from stack.plan import Plan


@click.command("logs")
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option("-n", "--lines", type=click.IntRange(0), default=50, show_default=True, help="Last lines of each.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes.")
@data_option
def command(services: tuple[str, ...], lines: int, follow: bool, folder: DataFolder) -> None:
    """Show what each SERVICE wrote last, or every program: the gateway, postgres and supervisor too."""
    written = logs.names(folder)
    if not written:
        raise CliError(f"nothing was ever started in {folder.path}")
    if folder.plan.exists():
        services = tuple(dict.fromkeys(map(Plan.load(folder).program_of, services)))
    for name in services:
        if name not in written:
            raise CliError(f"there is no log of {name}, only of {', '.join(written)}")
    shown = services or tuple(written)
    follower = logs.LogTail(folder, shown)
    for name in shown:
        for line in logs.last(folder, name, lines):
            show(name, line)
    if follow:
        for name, line in follower.lines(lambda: True):
            show(name, line)


def show(name: str, line: str) -> None:
    click.echo(f"{click.style(f'{name:<10}', fg='cyan')} {line}")
