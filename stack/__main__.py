"""The `patchbay` command: each file of stack/commands is a subcommand named as the file."""

from importlib import import_module
from pathlib import Path

import click

from shared import VERSION
from shared.schema.declaration_error import DeclarationError
from stack.cli_error import CliError

COMMANDS = Path(__file__).parent / "commands"


class Commands(click.Group):
    """Finds a subcommand by its file name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(path.stem for path in COMMANDS.glob("[a-z]*.py"))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        return import_module(f"stack.commands.{name}").command

    def invoke(self, ctx: click.Context) -> object:
        """Whoever made a slip in a declaration reads where, not a traceback."""
        try:
            return super().invoke(ctx)
        except DeclarationError as error:
            raise CliError(str(error)) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, message="Patchbay %(version)s")
def main() -> None:
    """Patchbay: the NetBox v2 REST API as one service per domain."""


if __name__ == "__main__":
    main(prog_name="patchbay")
