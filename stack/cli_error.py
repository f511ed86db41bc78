"""What stops a command: one clear line for the operator."""

from typing import IO, Any

import click


class CliError(click.ClickException):
    """Ends the command with `message` on standard error and exit status 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"patchbay: {' '.join(self.message.split())}", err=True, file=file)
