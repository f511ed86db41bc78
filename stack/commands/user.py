"""`patchbay user`: accounts, from the command line of the machine that the databases are on."""

import sys

import click

from gateway.users import administration
from stack.accounts import accounts
from stack.commands import data_option
from stack.folder import DataFolder


@click.group("user")
def command() -> None:
    """Add users and set their passwords."""


@command.command("add")
@click.argument("username")
@click.option("--email", default="")
@click.option("--superuser", is_flag=True, help="May do everything, and manage the accounts.")
@data_option
def add(username: str, email: str, superuser: bool, folder: DataFolder) -> None:
    """Add USERNAME; the password is asked for, or read from a pipe."""
    password = ask_password()
    with accounts(folder) as session:
        user = administration.add_user(session, username, password, email=email, is_superuser=superuser)
        click.echo(f"Added {username} (id {user.id}).")


@command.command("passwd")
@click.argument("username")
@data_option
def passwd(username: str, folder: DataFolder) -> None:
    """Set the password of USERNAME; it is asked for, or read from a pipe."""
    password = ask_password()
    with accounts(folder) as session:
        administration.set_password(session, username, password)
    click.echo(f"The password of {username} is changed.")


def ask_password() -> str:
    """Never an argument: those can be seen by everybody on the machine."""
    if sys.stdin.isatty():
        return click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return sys.stdin.readline().rstrip("\r\n")
