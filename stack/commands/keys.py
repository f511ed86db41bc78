"""`patchbay keys`: the secrets of a data folder as lines of an .env file."""

import click

from shared.config import APPS
from stack.commands import data_option
from stack.folder import DataFolder
from stack.plan import database_name
from stack.settings_file import DATABASES, key_variable


@click.command("keys")
@data_option
def command(folder: DataFolder) -> None:
    """Print keys and database passwords as environment lines (for docker-compose's .env)."""
    folder.create()
    for app in APPS:
        click.echo(f"{key_variable(app)}={folder.signing_key(app)}")
    for owner in DATABASES:
        click.echo(f"PATCHBAY_{owner.upper()}_DATABASE_PASSWORD={folder.database_password(database_name(owner))}")
    click.echo(f"POSTGRES_PASSWORD={folder.database_password('postgres')}")
