"""What stops a command: one clear line for the operator."""

import click


class CliError(click.ClickException):
    """Ends the command with `message` on standard error and exit status 1."""

    def show(self, file=None) -> None:
        click.echo(f"patchbay: {' '.join(self.message.split())}", err=True, file=file)
