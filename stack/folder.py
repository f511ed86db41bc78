"""The data folder of one embedded stack: where its files are and what its secrets are derived from."""

import fcntl
import hmac
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from stack.cli_error import CliError

SECRET_BYTES = 32


def write_private(path: Path, text: str) -> None:
    """Replaces `path` by a file that only its owner can read, never leaving half of one."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def create_private(path: Path) -> BinaryIO:
    """A new file that only its owner can read, open for writing."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


class DataFolder:
    """Paths and secrets below `path`, which need not exist before `create`."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser().absolute()
        self.processes = self.path / "processes"
        self.plan = self.path / "run.json"
        self.settings = self.path / "settings.env"
        self.logs = self.path / "logs"
        self.admin_token = self.path / "admin-token"
        self.media = self.path / "media"
        self.reports = self.path / "reports"
        self.metrics = self.path / "metrics"
        self.renders = self.path / "renders"

    def create(self) -> None:
        """Makes the folder and proves that it can be written to. Raises CliError."""
        try:
            # Others may pass through (PostgreSQL's own user must) but not look around.
            self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
            for folder in (self.processes, self.logs, self.media, self.reports, self.metrics):
                folder.mkdir(mode=0o700, exist_ok=True)
            write_private(self.path / "writable", "")
            (self.path / "writable").unlink()
        except OSError as error:
            raise CliError(f"cannot write to the data folder {self.path}: {error.strerror}") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps every other command that changes this folder's stack out for the while."""
        with (self.path / "lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CliError(f"another patchbay command is at work on {self.path}") from error
            yield

    def log(self, name: str) -> Path:
        """The file with the output of the program `name`."""
        return self.logs / f"{name}.log"

    def open_log(self, name: str) -> BinaryIO:
        """The log of the program `name`, to be appended to; only its owner can read it."""
        return os.fdopen(os.open(self.log(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")

    def signing_key(self, app: str) -> str:
        """The key (64 hex digits) with which callers of `app` sign."""
        return self._derive(app)

    def database_password(self, role: str) -> str:
        """The password (64 hex digits) of a role of the embedded PostgreSQL."""
        return self._derive(f"database:{role}")

    def _derive(self, purpose: str) -> str:
        return hmac.new(self._master(), f"patchbay:{purpose}".encode(), "sha256").hexdigest()

    def _master(self) -> bytes:
        path = self.path / "secret-key"
        if not path.exists():
            write_private(path, secrets.token_hex(SECRET_BYTES))
        return bytes.fromhex(path.read_text().strip())
