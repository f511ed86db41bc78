"""Inventories in files: JSON lines, one object each, compressed as the name of the file says."""

import bz2
import gzip
import lzma
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import orjson

from moving.rows import Row
from stack.cli_error import CliError

HEAD = {"format": "patchbay-inventory", "version": 1}
LONGEST_LINE = 64 * 1024 * 1024

_OPEN: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}


def opened(path: Path) -> IO[bytes]:
    """The content of a file, whatever it is compressed with. Raises CliError."""
    try:
        file: IO[bytes] = _OPEN.get(path.suffix, open)(path, "rb")  # noqa: SIM115 - the caller closes it
        return file
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}") from error


def read(path: Path) -> Iterator[Row]:
    """The rows of a file. Raises CliError, naming the line, for what is none."""
    number = 0
    try:
        with opened(path) as file:
            head = orjson.loads(file.readline(LONGEST_LINE))
            if not isinstance(head, dict) or head.get("format") != HEAD["format"] or head.get("version") != 1:
                raise ValueError("this is not the first line of an inventory that this version can read")
            while line := file.readline(LONGEST_LINE):
                number += 1
                yield _row(orjson.loads(line))
    except (ValueError, KeyError, TypeError, OSError, EOFError, lzma.LZMAError) as error:
        raise CliError(f"{path}, line {number + 1}: {error}") from error


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write `rows` into a file that only its owner can read; it is there when it is whole. Raises CliError."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as plain:
            with _packed(plain, path.suffix) as file:
                file.write(orjson.dumps(HEAD) + b"\n")
                for row in rows:
                    file.write(orjson.dumps({"endpoint": row.path, "id": row.id, "body": row.body}) + b"\n")
            plain.flush()
            os.fsync(plain.fileno())
        draft.replace(path)
    except OSError as error:
        raise CliError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def _packed(plain: IO[bytes], suffix: str) -> Any:
    """The same rows give the same bytes: neither the time nor the name of the file is in them."""
    if suffix == ".gz":
        return gzip.GzipFile(filename="", mode="wb", fileobj=plain, mtime=0, compresslevel=6)
    if suffix in _OPEN:
        return _OPEN[suffix](plain, "wb")
    return os.fdopen(os.dup(plain.fileno()), "wb")


def _row(entry: dict[str, Any]) -> Row:
    path, pk, body = entry["endpoint"], entry["id"], entry["body"]
    if not isinstance(path, str) or isinstance(pk, bool) or not isinstance(pk, int | str) or not isinstance(body, dict):
        raise ValueError('a row is {"endpoint": text, "id": number, "body": object}')
    return Row(path, pk, body)
