"""Environments of programs of others: each in its real release, apart from the project's own packages and each other's.

An environment is made when a test first needs it, of what its lock in `locks/` pins, and kept in the user's cache
folder for the next time. `.ci/lock` writes the locks anew from the `.in` files beside them.
"""

import fcntl
import inspect
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import execnet
import pytest

from shared.config import surroundings
from tests.running import Stack

LOCKS = Path(__file__).parent / "locks"
UNREACHABLE = re.compile(r"from versions: none|connection broken|Max retries exceeded|Name or service not known")


class Environment:
    """The Python in `folder`, which has a program and all that it needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"

    def run(self, steps: Callable[..., None], stack: Stack, **given: Any) -> Any:
        """What `steps(channel, url, token, **given)` sends from a process of this environment.

        Its source is all that goes there: it has to import what it needs. Raises execnet.RemoteError.
        """
        gateway = execnet.makegateway(f"popen//python={self.python} -P")
        try:
            channel = gateway.remote_exec(f"{inspect.getsource(steps)}\n{steps.__name__}(channel, **channel.receive())")
            channel.send({"url": stack.base_url, "token": stack.token, **given})
            return channel.receive()
        finally:
            gateway.exit()


@cache
def environment(name: str, python: str = sys.executable, home: Path | None = None) -> Environment:
    """The environment of `locks/<name>.lock`; skips the test where pip reaches no index, but for CI.

    It is made by `python` and kept in `home`, where others than its maker have to reach both.
    """
    collection = LOCKS / f"{name}.collection.lock"
    locks = [path for path in (LOCKS / f"{name}.lock", collection) if path.exists()]
    pinned = sha256(b"".join(path.read_bytes() for path in locks)).hexdigest()[:12]
    folder = (home or _cache()) / f"{name}-{sys.implementation.cache_tag}-{pinned}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder / "complete"
    with (folder.parent / f"{folder.name}.flock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two processes that test side by side, one makes it
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder, python, LOCKS / f"{name}.lock")
            if collection in locks:
                _unpack(folder, collection)
            made.touch()
    return Environment(folder)


def _cache() -> Path:
    given = surroundings().get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "patchbay" / "clients"


def _make(folder: Path, python: str, lock: Path) -> None:
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    _pip("--python", folder / "bin" / "python", "install", "--require-hashes", "-r", lock)


def _unpack(folder: Path, lock: Path) -> None:
    """Only the collection of the big package that it is published in, into `folder/ansible_collections`."""
    _pip("download", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", lock, "--dest", folder)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        wanted = [name for name in archive.namelist() if name.startswith("ansible_collections/netbox/")]
        archive.extractall(folder, wanted)
    wheel.unlink()


def _pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    said = done.stdout + done.stderr
    if done.returncode and UNREACHABLE.search(said) and not surroundings().get("CI"):
        pytest.skip(f"the program cannot be installed, for pip reaches no index: {said.strip().splitlines()[-1]}")
    assert not done.returncode, said
