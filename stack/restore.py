"""Restoring a backup: each database in one transaction, so that a failed one stays as it was before."""

import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import click
import psycopg2

from shared.config import APPS, process_of
from shared.migrations import revisions
from stack import settings_file
from stack.backup import FORMAT, KEPT, MEDIA_OWNER, media_of
from stack.cli_error import CliError
from stack.client_programs import run
from stack.databases import check, create_missing, dsn, prepare
from stack.folder import DataFolder, write_private
from stack.plan import LOOPBACK, Plan
from stack.settings_file import url_variable

# The owner of a database may drop its schema and make a new one.
EMPTY = """
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
ALTER SCHEMA public OWNER TO pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""
OTHERS = """
SELECT count(*), current_setting('server_version_num')::int FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
"""
# pg_restore says it to every server, and older ones than 17 do not know it.
UNKNOWN_BEFORE_17 = "SET transaction_timeout = 0;\n"
PREAMBLE_LINES = 40


class Backup(NamedTuple):
    """A backup that was unpacked into `path`."""

    path: Path
    moment: str
    revisions: dict[str, str]


@contextmanager
def unpacked(file: Path, folder: DataFolder) -> Iterator[Backup]:
    """The backup in `file`, unpacked below the data folder. Raises CliError."""
    with tempfile.TemporaryDirectory(prefix="restore-", dir=folder.path) as scratch:
        try:
            with _opened(file) as archive:
                _extract(archive, Path(scratch))
            manifest = json.loads(Path(scratch, "manifest.json").read_text())
            if manifest["format"] != FORMAT:
                raise CliError(f"{file} was made by a newer version of Patchbay ({manifest['version']})")
            yield Backup(Path(scratch), manifest["moment"], manifest["databases"])
        except (tarfile.TarError, OSError, ValueError, KeyError, TypeError) as error:
            raise CliError(f"{file} is no backup of Patchbay: {error}") from error


def _opened(file: Path) -> tarfile.TarFile:
    """Raises CliError for what is no archive; tarfile would tell of every way in which it is none."""
    try:
        return tarfile.open(file)  # noqa: SIM115 - the caller closes it
    except tarfile.ReadError as error:
        raise CliError(f"{file} is no backup of Patchbay") from error


def _extract(archive: tarfile.TarFile, target: Path) -> None:
    """Write the files of `archive` below `target`, which is the only place for them. Raises TarError.

    Python 3.11 has `extractall(filter="data")` from its fourth correction on, which Debian 12 does not have.
    """
    root = target.resolve()
    for member in archive:
        place = (root / member.name).resolve()
        if not place.is_relative_to(root) or not (member.isdir() or member.isreg()):
            raise tarfile.TarError(f"{member.name} has no place in it")
        if member.isdir():
            place.mkdir(parents=True, exist_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        content = archive.extractfile(member)
        assert content is not None  # a regular file has some
        with content, place.open("wb") as file:
            shutil.copyfileobj(content, file)
        place.chmod(member.mode & 0o777)


def owners_in(backup: Backup, wanted: Sequence[str]) -> list[str]:
    """The databases to restore. Raises CliError if one is not there, or is of a newer version than this."""
    owners = list(wanted or backup.revisions)
    for owner in owners:
        if owner not in backup.revisions:
            raise CliError(f"the backup has no database of {owner}, only {', '.join(backup.revisions)}")
        (app,) = (app for app in APPS if process_of(app) == owner)
        if backup.revisions[owner] not in revisions(app):
            raise CliError(f"the backup of {owner} is of a newer version of Patchbay")
    return owners


def adopt(backup: Backup, folder: DataFolder) -> None:
    """Give a folder that was never set up the keys and settings of the backup, but not the places of its databases."""
    if folder.settings.exists() or (folder.path / "secret-key").exists():
        return
    kept = backup.path / "folder"
    if (kept / "secret-key").exists():
        write_private(folder.path / "secret-key", (kept / "secret-key").read_text())
    if (kept / "settings.env").exists():
        remembered = settings_file.parse(kept / "settings.env")
        places = {*map(url_variable, settings_file.DATABASES), "MEDIA_ROOT", "REPORTS_ROOT"}
        settings_file.write(folder, {name: value for name, value in remembered.items() if name not in places})


def put_back(backup: Backup, plan: Plan, owners: Sequence[str]) -> None:
    """Replace the databases of `owners`, and bring them up to date. Raises CliError."""
    embedded = plan.embedded(owners)
    with plan.cluster.running() if embedded else nullcontext():
        if embedded:
            create_missing(plan, embedded)
        versions = {owner: _alone(owner, plan.database_url(owner)) for owner in owners}
        for owner in owners:
            click.echo(f"Restoring {owner}")
            _replace(backup, owner, plan.database_url(owner), versions[owner])
        if MEDIA_OWNER in owners and (backup.path / "media").is_dir():
            shutil.copytree(backup.path / "media", media_of(plan), dirs_exist_ok=True)
        if "gateway" in owners and (backup.path / "folder" / KEPT[1]).exists():
            write_private(plan.folder.admin_token, (backup.path / "folder" / KEPT[1]).read_text())
        prepare(Plan(plan.folder, LOOPBACK, {}), owners)


def _alone(owner: str, url: str) -> int:
    """The version of the server. Raises CliError if somebody else is connected to the database."""
    check(owner, url)
    with closing(psycopg2.connect(dsn(url), connect_timeout=5)) as connection, connection.cursor() as cursor:
        cursor.execute(OTHERS)
        others, version = cursor.fetchone() or (0, 0)
    if others:
        raise CliError(f"{owner} is still connected to its database; stop it first")
    return version


def _replace(backup: Backup, owner: str, url: str, version: int) -> None:
    script = backup.path / f"{owner}.sql"
    restored = backup.path / f"{owner}.restored"
    run("pg_restore", ["--no-owner", "--no-privileges", f"--file={restored}", f"{backup.path}/databases/{owner}.dump"])
    with restored.open("rb") as lines, script.open("wb") as file:
        file.write(EMPTY.encode())
        head = list(islice(lines, PREAMBLE_LINES))
        file.writelines(line for line in head if version >= 170000 or line != UNKNOWN_BEFORE_17.encode())
        shutil.copyfileobj(lines, file)
    restored.unlink()
    settings = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    run("psql", [*settings, f"--file={script}", "--output=/dev/null"], url)
    script.unlink()
