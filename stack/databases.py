"""Bringing every database up to date, and the first user into it."""

import re
from contextlib import nullcontext

import click
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from gateway.users.bootstrap import ensure_admin
from shared.config import APPS, process_of, surroundings
from shared.migrations import NewerDatabase, upgrade
from stack.cli_error import CliError
from stack.folder import DataFolder, write_private
from stack.plan import DATABASES, GATEWAY, Plan, database_name, embedded, url_variable

TOKEN_VARIABLE = "PATCHBAY_ADMIN_TOKEN"


def prepare(plan: Plan) -> None:
    """Makes and migrates all databases, and the superuser `admin` where there is no user. Raises CliError."""
    token = preset_token()
    with plan.cluster.running() if embedded() else nullcontext():
        if embedded():
            plan.cluster.ensure([database_name(owner) for owner in embedded()])
        for owner in set(DATABASES) - set(embedded()):
            check(owner, plan.database_url(owner))
        _migrate(plan, token)


def preset_token() -> str | None:
    """The administrator's token that the environment asks for. Raises CliError."""
    token = surroundings().get(TOKEN_VARIABLE) or None
    if token and not re.fullmatch("[0-9a-f]{40}", token):
        raise CliError(f"{TOKEN_VARIABLE} must be 40 hexadecimal digits, in lower case")
    return token


def check(owner: str, url: str) -> None:
    """Raises CliError unless the PostgreSQL behind `url` lets us in. The message never shows the password."""
    variable = url_variable(owner)
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "postgresql":
            raise CliError(f"{variable} must be a postgresql:// URL")
        options = {"connect_timeout": 5}
        with create_engine(parsed, poolclass=NullPool, connect_args=options).connect():
            pass
    except (ArgumentError, ImportError, ValueError) as error:
        raise CliError(f"{variable} is not of the form postgresql://user:password@host/name") from error
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise CliError(f"{variable} ({parsed.render_as_string()}) does not work: {reason}") from error


def _migrate(plan: Plan, token: str | None) -> None:
    for app in APPS:
        try:
            upgrade(app, plan.database_url(process_of(app)))
        except NewerDatabase as error:
            raise CliError(str(error)) from error
    _make_admin(plan.folder, *ensure_admin(plan.database_url(GATEWAY), token))


def _make_admin(folder: DataFolder, password: str | None, token: str | None) -> None:
    if password is None:
        return
    write_private(folder.admin_token, f"{token}\n")
    click.echo(f"Made the superuser admin with the password {password} (shown this once)")
    click.echo(f"Its token is in {folder.admin_token}")
