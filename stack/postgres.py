"""The embedded PostgreSQL: real PostgreSQL 18 from a wheel, on a Unix socket that only its owner can open.

Only the wheel's programs are used: its Python part opens every folder above the data to all users when run as
root, and lets any local user in without a password.
"""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from stack.cli_error import CliError
from stack.folder import DataFolder
from stack.unprivileged import (
    become_system_user,
    binaries,
    give_to_system_user,
    open_to_all,
    public_home,
    run_as_system_user,
    system_user,
)

LONGEST_SOCKET_FOLDER = 90
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "random_page_cost": "1.1",
    "io_method": "sync",
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
    # A statement that failed is not logged: there are values in it.
    "log_min_error_statement": "panic",
}
# What is different on a small machine.
SMALL = {"shared_buffers": "32MB", "effective_cache_size": "128MB", "max_connections": "100", "work_mem": "4MB"}
LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


class Cluster:
    """The PostgreSQL cluster of one data folder; one role and database per service, named alike."""

    def __init__(self, folder: DataFolder) -> None:
        self.folder = folder
        self.link = folder.path / "postgres"

    @property
    def path(self) -> Path:
        return self.link.resolve()

    @property
    def socket_folder(self) -> Path:
        """The folder of the socket: that of the cluster, or a short private one where the path would be too long."""
        if len(str(self.path)) <= LONGEST_SOCKET_FOLDER:
            return self.path
        link = self.folder.path / "postgres-socket"
        if not link.exists():
            link.unlink(missing_ok=True)
            short = Path(tempfile.mkdtemp(prefix="patchbay-", dir="/tmp"))
            give_to_system_user(short)
            link.symlink_to(short)
        return link.resolve()

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of the database `name` for the role of that name."""
        password = self.folder.database_password(name)
        return f"postgresql+psycopg2://{name}:{password}@/{name}?host={quote(str(self.socket_folder), safe='')}"

    def server_command(self, small: bool = False) -> list[str]:
        """The server in the foreground, for a `small` machine or another; to be run as the system user."""
        options = {**SETTINGS, **(SMALL if small else {}), "unix_socket_directories": str(self.socket_folder)}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [str(binaries() / "postgres"), "-D", str(self.path), *settings]

    def missing(self, names: list[str]) -> list[str]:
        """Those of `names` that are no databases yet. The server must be running."""
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database")
            present = {row[0] for row in cursor.fetchall()}
        return [name for name in names if name not in present]

    def create(self, names: list[str]) -> None:
        """Makes the databases `names`, each with its role. The server must be running."""
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            for name in names:
                self._create_database(cursor, name)

    @contextmanager
    def running(self) -> Iterator[None]:
        """A server for the length of the block: the running stack's, or one of our own. Raises CliError."""
        if self.answers():
            yield
            return
        self._initialise()
        self.stop()
        with self.folder.open_log("postgres") as log:
            server = run_as_system_user(subprocess.Popen, self.server_command(), stdout=log, stderr=log)
        try:
            self._wait_for(server)
            yield
        finally:
            self.stop()
            server.wait()

    def stop(self) -> None:
        """Ends the server of this cluster, whoever started it; nothing happens where there is none."""
        if (self.path / "postmaster.pid").exists():
            command = [str(binaries() / "pg_ctl"), "-D", str(self.path), "-m", "fast", "-w", "stop"]
            run_as_system_user(subprocess.run, command, capture_output=True)

    def _connect(self) -> Connection:
        connection = psycopg2.connect(
            host=str(self.socket_folder),
            user="postgres",
            dbname="postgres",
            password=self.folder.database_password("postgres"),
            connect_timeout=5,
        )
        connection.autocommit = True
        return connection

    def answers(self) -> bool:
        """Whether the server of this cluster lets us in."""
        if not self.link.exists():
            return False
        try:
            self._connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def _wait_for(self, server: subprocess.Popen[Any]) -> None:
        while server.poll() is None:
            try:
                self._connect().close()
                return
            except psycopg2.OperationalError as error:
                if "password authentication failed" in str(error):
                    raise CliError(f"{self.folder.path}/secret-key is not the one of its databases") from error
                time.sleep(0.05)
        raise CliError(f"PostgreSQL does not start, {self.folder.log('postgres')} says why")

    def _initialise(self) -> None:
        if not self.link.exists():
            self._make_home()
        if (self.path / "PG_VERSION").exists():
            return
        password_file = self.path.with_name(f"password-{secrets.token_hex(8)}")
        password_file.touch(mode=0o600)
        try:
            password_file.write_text(self.folder.database_password("postgres"))
            give_to_system_user(password_file)
            command = [str(binaries() / "initdb"), "-D", str(self.path), "-U", "postgres", *LOCALE]
            command += ["--auth=scram-sha-256", f"--pwfile={password_file}"]
            run_as_system_user(subprocess.run, command, check=True, capture_output=True, text=True)
        except subprocess.CalledProcessError as error:
            raise CliError(f"PostgreSQL cannot make its databases: {error.stderr}") from error
        finally:
            password_file.unlink()

    def _make_home(self) -> None:
        if system_user() is None or open_to_all(self.folder.path):
            self.link.unlink(missing_ok=True)
            self.link.mkdir(mode=0o700)
        else:
            home = public_home() / f"cluster-{secrets.token_hex(8)}"
            home.mkdir(mode=0o700)
            self.link.unlink(missing_ok=True)
            self.link.symlink_to(home)
        give_to_system_user(self.path)

    def _create_database(self, cursor: Cursor, name: str) -> None:
        role, password = sql.Identifier(name), sql.Literal(self.folder.database_password(name))
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
        verb = sql.SQL("ALTER" if cursor.fetchone() else "CREATE")
        cursor.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, role, password))
        cursor.execute(
            sql.SQL(
                "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' "
                "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
            ).format(role, role)
        )
        cursor.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(role))


def serve(folder: DataFolder, small: bool) -> None:
    """Becomes the PostgreSQL server of `folder` (the process is replaced)."""
    command = Cluster(folder).server_command(small)
    become_system_user()
    os.execv(command[0], command)


if __name__ == "__main__":
    serve(DataFolder(sys.argv[1]), "small" in sys.argv[2:])
