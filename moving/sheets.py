"""A file of CSV into a list of a Patchbay: all of its lines or none; beyond what one request takes, part by part."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from moving.api import ApiClient, OutcomeUnknown, Refused, short
from moving.catalogue import Kind
from moving.report import CHANGED, CREATED, UNCHANGED, MoveReport
from shared.api.csv import sheet
from shared.api.csv.sheet import Line, SheetError
from stack.cli_error import CliError

Lines = list[Line]


class SheetLoader:
    """Loads files into the list of `kind`; `most` lines go into one request."""

    def __init__(self, api: ApiClient, kind: Kind, most: int, report: MoveReport) -> None:
        self._api, self._kind, self._most, self._report = api, kind, most, report

    def load(self, path: Path, *, in_parts: bool, dry_run: bool, progress: Callable[[str, int], None]) -> None:
        """Create and change what the file says. Raises CliError with what is wrong, line by line.

        `in_parts` every part is tried before the first is saved; what is refused then, because something has changed
        meanwhile, ends it, and the parts before stay.
        """
        try:
            parts = _parts(path, self._most)
            head, first = next(parts, ([], []))
            second = next(parts, None)
            if second and not in_parts:
                raise CliError(
                    f"{path} has more than {self._most} lines, which are all that can be saved together: split it, "
                    "or give --in-parts, and each part is saved by itself once all were tried"
                )
            if second or dry_run:
                for each in _parts(path, self._most):
                    self._send(path, *each, dry_run=True)
                    progress(self._kind.path, len(each[1]) if dry_run else 0)
            if not dry_run:
                for each in _parts(path, self._most):
                    self._send(path, *each, dry_run=False)
                    progress(self._kind.path, len(each[1]))
        except SheetError as error:
            raise CliError(f"{path}, {error}") from error

    def _send(self, path: Path, head: list[str], lines: Lines, *, dry_run: bool) -> None:
        content = "".join(map(sheet.record, [head, *(each.cells for each in lines)]))
        query: dict[str, Any] = {"dry_run": "true"} if dry_run else {}
        try:
            told = self._api.send_csv(f"{self._kind.path}/", content, **query)
        except Refused as refused:
            raise _error(path, refused, content, lines) from refused
        except OutcomeUnknown as error:
            raise CliError(f"nobody knows whether the last part was saved ({error}): run the import again") from error
        for what in (CREATED, CHANGED, UNCHANGED) if not dry_run else ():
            self._report.count(self._kind.path, what, told[what])


def _parts(path: Path, most: int) -> Iterator[tuple[list[str], Lines]]:
    """(headings, lines) of the file, at most `most` lines at once. Raises SheetError, CliError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            records = sheet.lines(file)
            head = next(records, None)
            if head is None:
                raise SheetError(1, "The first line has the headings of the columns.")
            filled = (each for each in records if any(each.cells))
            while part := list(islice(filled, most)):
                yield head.cells, part
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CliError(f"{path} cannot be read as UTF-8: {error}") from error


def _error(path: Path, refused: Refused, content: str, lines: Lines) -> CliError:
    """What is wrong, by the lines of the file."""
    told = refused.told.get("errors") if isinstance(refused.told, dict) else None
    if not told:
        return CliError(f"{path}: {refused.status} {short(refused.told)}")
    sent = sheet.read(content).lines
    numbers = {1: 1} | {here.number: there.number for here, there in zip(sent, lines, strict=False)}
    wrong = []
    for each in told:
        column = f", {each['column']}" if each["column"] else ""
        wrong.append(f"line {numbers.get(each['line'], each['line'])}{column}: {each['message']}")
    return CliError(f"{path}: nothing of these lines is saved:", wrong)
