"""PostgreSQL's own client programs, of the version that comes along, for whatever server a URL leads to."""

import subprocess
from typing import Any

from sqlalchemy import make_url

from shared.config import surroundings
from stack.cli_error import CliError
from stack.unprivileged import binaries


def run(program: str, arguments: list[str], url: str = "", **options: Any) -> None:
    """Run a client program, on the database of the SQLAlchemy URL `url` if there is one.

    Raises CliError with the last thing that it said.
    """
    environment = surroundings()
    command = [str(binaries() / program), *arguments]
    if url:
        parsed = make_url(url)
        # Not on the command line, which everybody on the machine can read.
        environment["PGPASSWORD"] = str(parsed.password or "")
        address = parsed.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
        command += ["--dbname", address]
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode:
        told = done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"]
        raise CliError(f"{program}: {told[0]}")
