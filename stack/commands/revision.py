"""`patchbay revision`: writes a migration for what the models have and the migrations have not."""

import tempfile
from pathlib import Path

import click

from shared.config import APPS
from shared.migrations import NotRevised, revise
from shared.migrations import folder as migrations_of
from stack.cli_error import CliError
from stack.folder import DataFolder
from stack.postgres import Cluster


@click.command("revision")
@click.argument("app", type=click.Choice(APPS))
@click.argument("message")
def command(app: str, message: str) -> None:
    """Write a migration of APP: compare its models with a scratch database that its migrations made."""
    with tempfile.TemporaryDirectory(prefix="patchbay-revision-", ignore_cleanup_errors=True) as scratch:
        # Reachable for PostgreSQL's own user, or root would have the cluster elsewhere and leave it there.
        Path(scratch).chmod(0o711)
        folder = DataFolder(Path(scratch) / "data")
        folder.create()
        cluster = Cluster(folder)
        with cluster.running():
            cluster.create(["revision"])
            try:
                revise(app, cluster.url("revision"), message)
            except NotRevised as error:
                raise CliError(str(error)) from error
    click.echo(f"Written to {migrations_of(app) / 'versions'}: read it before it is committed.")
