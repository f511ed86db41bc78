"""What stops a command: one clear line for the operator."""

from collections.abc import Iterable
from typing import IO, Any

import click


class CliError(click.ClickException):
    """Ends the command with `message` on standard error, a line for each of `details`, and exit status 1."""

    def __init__(self, message: str, details: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.details = tuple(details)

    def show(self, file: IO[Any] | None = None) -> None:
        for line in (f"patchbay: {self.message}", *self.details):
            click.echo(" ".join(line.split()), err=True, file=file)
