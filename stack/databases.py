"""Bringing every database up to date, and the first user into it."""

import re
from collections.abc import Sequence
from contextlib import closing, nullcontext

import click
import psycopg2
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from shared.config import APPS, process_of, surroundings
from shared.db.schema_steps import StillLocked
from shared.db.server_version import unsupported
from shared.migrations import head
from shared.upgrading import NewerDatabase, upgrade
from stack import settings_file
from stack.cli_error import CliError
from stack.folder import DataFolder, write_private
from stack.plan import GATEWAY, Plan, database_name
from stack.settings_file import DATABASES, url_variable

TOKEN_VARIABLE = "PATCHBAY_ADMIN_TOKEN"


def prepare(plan: Plan, owners: Sequence[str] = DATABASES) -> None:
    """Makes and migrates the databases of `owners`, and the superuser `admin` where there is no user. Raises CliError.

    From here on the folder remembers where they are.
    """
    token = preset_token()
    settings_file.check(settings_file.read(plan.folder))
    settings_file.refuse_omission(plan.folder, owners)
    embedded = plan.embedded(owners)
    with plan.cluster.running() if embedded else nullcontext():
        if embedded:
            create_missing(plan, embedded)
        for owner in owners:
            if owner not in embedded:
                check(owner, plan.database_url(owner))
        settings_file.remember(plan.folder, owners)
        for app in APPS:
            if process_of(app) in owners:
                _migrate(app, plan.database_url(process_of(app)))
        if GATEWAY in owners:
            _make_admin(plan.folder, plan.database_url(GATEWAY), token)


def create_missing(plan: Plan, owners: Sequence[str]) -> None:
    """Makes the embedded databases of `owners` that are not there yet. The server must be running."""
    names = [database_name(owner) for owner in owners]
    if missing := plan.cluster.missing(names):
        click.echo(f"Creating {'the databases' if missing == names else ', '.join(missing)} in {plan.cluster.path}")
        plan.cluster.create(missing)


def preset_token() -> str | None:
    """The administrator's token that the environment asks for. Raises CliError."""
    token = surroundings().get(TOKEN_VARIABLE) or None
    if token and not re.fullmatch("[0-9a-f]{40}", token):
        raise CliError(f"{TOKEN_VARIABLE} must be 40 hexadecimal digits, in lower case")
    return token


def check(owner: str, url: str) -> None:
    """Raises CliError unless the PostgreSQL behind `url` lets us in and is supported. Never shows the password."""
    variable = url_variable(owner)
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "postgresql":
            raise CliError(f"{variable} must be a postgresql:// URL")
        with closing(psycopg2.connect(dsn(url), connect_timeout=5)) as connection:
            if (reason := unsupported(connection.server_version)) is not None:
                raise CliError(f"{variable} ({parsed.render_as_string()}): {reason}")
    except (ArgumentError, ImportError, ValueError) as error:
        raise CliError(f"{variable} is not of the form postgresql://user:password@host/name") from error
    except psycopg2.Error as error:
        reason = first_line(error)
        raise CliError(f"{variable} ({parsed.render_as_string()}) does not work: {reason}") from error


def dsn(url: str) -> str:
    """The URL of SQLAlchemy as PostgreSQL's own programs take it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def revision(url: str) -> str | None:
    """The migration that a database is at; None for one that was never migrated."""
    with closing(psycopg2.connect(dsn(url), connect_timeout=5)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('alembic_version')")
        if cursor.fetchone() == (None,):
            return None
        cursor.execute("SELECT version_num FROM alembic_version")
        return (cursor.fetchone() or (None,))[0]


def _migrate(app: str, url: str) -> None:
    if revision(url) is None:
        click.echo(f"Migrating {app}: nothing → {head(app)}")
    try:
        upgrade(app, url, lambda step: click.echo(f"Migrating {app}: {step}"))
    except (NewerDatabase, StillLocked) as error:
        raise CliError(str(error)) from error
    except DBAPIError as error:
        raise CliError(f"{app} cannot be migrated: {first_line(error.orig or error)}") from error


def _make_admin(folder: DataFolder, url: str, token: str | None) -> None:
    # The image of a service, which brings its own database up to date, has no gateway in it.
    from gateway.users.bootstrap import ensure_admin

    password, token = ensure_admin(url, token)
    if password is None:
        return
    write_private(folder.admin_token, f"{token}\n")
    click.echo(f"Made the superuser admin with the password {password} (shown this once)")
    click.echo(f"Its token is in {folder.admin_token}")
