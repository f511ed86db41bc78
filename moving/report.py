"""The result of an import: numbers by list, what has no counterpart here, and the refused rows with the reasons."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import orjson

from moving.rows import Row

CREATED, CHANGED, UNCHANGED, REFUSED = "created", "changed", "unchanged", "refused"
SECRET = frozenset({"plaintext", "password"})
LONGEST_TEXT = 2000


class MoveReport:
    """Counts as it goes; refused rows go to `rejects`, a file that is made when the first comes."""

    def __init__(self, rejects: Path | None = None) -> None:
        self._rejects = rejects
        self._file: IO[bytes] | None = None
        self.counts: dict[str, Counter[str]] = {}
        self.without_place: Counter[str] = Counter()
        self.notes: dict[str, str] = {}
        if rejects:
            rejects.unlink(missing_ok=True)

    def count(self, path: str, what: str, number: int = 1) -> None:
        if number:
            self.counts.setdefault(path, Counter())[what] += number

    def no_place(self, what: str, number: int = 1) -> None:
        """`what` of the source has no counterpart here (`"dcim/sites: tags"`)."""
        self.without_place[what] += number

    def note(self, about: str, text: str) -> None:
        self.notes.setdefault(about, text)

    def refuse(self, row: Row, why: Any) -> None:
        """Record that `row` was refused."""
        self.count(row.path, REFUSED)
        self._write(row, why, "refused")

    def lose(self, row: Row, why: str) -> None:
        """Record that a part of `row` was left out."""
        self.count(row.path, "in part")
        self._write(row, why, "in part")

    def total(self, what: str) -> int:
        return sum(each[what] for each in self.counts.values())

    def lines(self) -> Iterator[str]:
        """The report, for people."""
        for path, counted in self.counts.items():
            yield f"{path}: " + ", ".join(f"{number} {what}" for what, number in counted.items())
        for what, number in sorted(self.without_place.items()):
            yield f"has no place here: {what} ({number})"
        for about, text in self.notes.items():
            yield f"{about}: {text}"
        if self._file:
            yield f"What was refused, and why: {self._rejects}"

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _write(self, row: Row, why: Any, what: str) -> None:
        if not self._rejects:
            return
        if not self._file:
            self._file = _private(self._rejects)
        shown = {name: None if name in SECRET else _shortened(value) for name, value in row.body.items()}
        entry = {"endpoint": row.path, "id": row.id, "what": what, "why": why, "body": shown}
        self._file.write(orjson.dumps(entry) + b"\n")
        self._file.flush()


def _private(path: Path) -> IO[bytes]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(0o600)
    return path.open("wb")


def _shortened(value: Any) -> Any:
    """A value as the report shows it: a file by its name only, a text cut to a sensible length."""
    if isinstance(value, dict) and "base64" in value:
        return value["name"]
    return value[:LONGEST_TEXT] if isinstance(value, str) else value
