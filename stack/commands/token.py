"""`patchbay token`: the keys by which programs ask."""

from datetime import datetime

import click

from gateway.users import administration
from stack.accounts import accounts
from stack.commands import data_option
from stack.folder import DataFolder


@click.group("token")
def command() -> None:
    """Add, list and revoke tokens."""


@command.command("add")
@click.argument("username")
@click.option("--read-only", is_flag=True, help="The token may not write.")
@click.option("--expires", type=click.DateTime(), help="When it ends, in UTC.")
@click.option("--description", default="")
@data_option
def add(username: str, read_only: bool, expires: datetime | None, description: str, folder: DataFolder) -> None:
    """Make a token of USERNAME and print its key, which nobody can show again."""
    with accounts(folder) as session:
        key = administration.add_token(session, username, not read_only, expires, description)
    click.echo(key)


@command.command("list")
@click.argument("username")
@data_option
def show(username: str, folder: DataFolder) -> None:
    """List the tokens of USERNAME: id, whether they write, when they end, what they are for."""
    with accounts(folder) as session:
        for token in administration.tokens_of(session, username):
            mode = "read-write" if token.write_enabled else "read-only"
            click.echo(f"{token.id:<6}  {mode:<10}  {token.expires or 'never ends'}  {token.description}")


@command.command("revoke")
@click.argument("token_id", type=int)
@data_option
def revoke(token_id: int, folder: DataFolder) -> None:
    """End the token with the id TOKEN_ID from the next request on."""
    with accounts(folder) as session:
        administration.revoke_token(session, token_id)
    click.echo(f"Token {token_id} is revoked.")
