"""A PostgreSQL that is not the embedded one, with the databases that `deploy/postgres/create-databases.sh` makes."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.config import surroundings
from stack import ROOT, unprivileged
from stack.settings_file import DATABASES, url_variable

SCRIPT = ROOT / "deploy" / "postgres" / "create-databases.sh"


@contextmanager
def server(folder: Path, programs: Path, port: int) -> Iterator[dict[str, str]]:
    """A PostgreSQL of `programs` on `port`, whom everybody on this machine may ask; the environment for psql."""
    folder.mkdir()
    unprivileged.give_to_system_user(folder)
    run = unprivileged.run_as_system_user
    initdb = [programs / "initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust", "--encoding=UTF8"]
    run(subprocess.run, [str(word) for word in (*initdb, "--locale=C")], check=True, capture_output=True)
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={folder} -c fsync=off"
    control = [str(programs / "pg_ctl"), "-D", str(folder / "data"), "-w", "-l", str(folder / "log")]
    run(subprocess.run, [*control, "-o", f"{options} -c max_connections=300", "start"], check=True, capture_output=True)
    try:
        yield {"PGHOST": "127.0.0.1", "PGPORT": str(port), "POSTGRES_USER": "postgres"}
    finally:
        run(subprocess.run, [*control, "-m", "immediate", "stop"], check=True, capture_output=True)


def make_databases(programs: Path, environment: dict[str, str]) -> None:
    """The roles, whose passwords are `password-of-dcim` and so on, and their databases."""
    passwords = {f"PATCHBAY_{owner.upper()}_DATABASE_PASSWORD": f"password-of-{owner}" for owner in DATABASES}
    given = surroundings() | environment | passwords | {"PATH": f"{programs}:{os.defpath}"}
    subprocess.run(["bash", SCRIPT], env=given, check=True, capture_output=True)


def urls(port: int, host: str = "127.0.0.1", query: str = "") -> dict[str, str]:
    """The settings of a stack that uses these databases."""
    return {
        url_variable(owner): f"postgresql://patchbay_{owner}:password-of-{owner}@{host}:{port}/patchbay_{owner}{query}"
        for owner in DATABASES
    }
