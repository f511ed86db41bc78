"""Programs that pip cannot bring: where apt can, it does."""

import os
import shutil
import subprocess

import click


def ensure(program: str, package: str, without: str) -> None:
    """Installs Debian's `package` if `program` is missing; says loudly what happens `without` it when that fails."""
    if shutil.which(program):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        for step in (["update"], ["install", "--yes", "--no-install-recommends", package]):
            subprocess.run(["apt-get", "-qq", *step], stdout=subprocess.DEVNULL, check=False)
    if not shutil.which(program):
        click.secho(f"{program.upper()} IS MISSING: {without}", fg="red", bold=True, err=True)
