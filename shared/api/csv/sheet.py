"""CSV as text: cells that no spreadsheet takes for a formula, and lines that come back as they were written.

A cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return gets an apostrophe in front, and so does one that
has apostrophes before such a character already; reading takes one away from just these.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

BOM = "\ufeff"
END = "\r\n"  # without which csv would leave some of its characters unquoted
DELIMITERS = ",;\t"
CHARSETS = ("utf-8", "utf-16", "iso8859-1", "cp1252")

_FORMULA = re.compile(r"'*[=+\-@\t\r]")

csv.field_size_limit(2**31 - 1)  # a body has its own


class SheetError(ValueError):
    """What was sent is no CSV, or not of the kind that is wanted: `line` and, where it is about one, `column`."""

    def __init__(self, line: int, message: str, column: str = "") -> None:
        super().__init__(f"line {line}: {message}")
        self.line, self.message, self.column = line, message, column


@dataclass(frozen=True)
class Line:
    """The cells of one record, which begins in line `number` of the file."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Sheet:
    """The headings of a file, and its records, each with a cell for every heading; blank records are left out."""

    headings: list[str]
    lines: list[Line]


def record(cells: Iterable[str]) -> str:
    """The line of `cells`."""
    return joined([f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells]) + END


def joined(cells: list[str]) -> str:
    """`cells` with commas between them: a line without its end, or several values in one cell."""
    target = io.StringIO()
    csv.writer(target, lineterminator=END).writerow(cells)
    return target.getvalue().removesuffix(END)


def split(cell: str) -> list[str]:
    """The values of `joined`. Raises ValueError."""
    if not cell:
        return []
    try:
        (cells,) = csv.reader(io.StringIO(cell, newline=""), strict=True)
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return cells


def decoded(content: bytes, charset: str = "") -> str:
    """The text of a file, in UTF-8 unless its `charset`, or a byte order mark, says else. Raises SheetError."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        charset = "utf-16"
    try:
        known = codecs.lookup(charset or "utf-8").name
        if known not in CHARSETS:
            raise LookupError
        return content.decode(known).removeprefix(BOM)
    except LookupError:
        raise SheetError(1, f'The charset "{charset[:50]}" is none of {", ".join(CHARSETS)}.') from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SheetError(line, f"This is not {known}: say which charset it is, or save it as UTF-8.") from None


def lines(file: Iterable[str]) -> Iterator[Line]:
    """The records of a text, or of a file opened with `newline=""`; the first are the headings. Raises SheetError."""
    source = _Numbered(file)
    number = 1
    try:
        source.delimiter_of_first()
        for cells in csv.reader(source, delimiter=source.delimiter, strict=True):
            yield Line(number, [_plain(cell) for cell in cells])
            number = source.read + 1
    except csv.Error as error:
        raise SheetError(number, f"This is no CSV: {error}.") from None


def read(text: str) -> Sheet:
    """Raises SheetError."""
    records = lines(io.StringIO(text, newline=""))
    head = next(records, None)
    if head is None or not any(head.cells):
        raise SheetError(1, "The first line has the headings of the columns.")
    return Sheet(*_squared(head, records))


def _squared(head: Line, records: Iterable[Line]) -> tuple[list[str], list[Line]]:
    """Every record with as many cells as there are headings; what is beyond the last heading is blank."""
    headings = [cell.strip() for cell in head.cells]
    while not headings[-1]:
        headings.pop()
    width, found = len(headings), []
    for line in records:
        if not any(line.cells):
            continue
        if len(line.cells) < width or any(line.cells[width:]):
            raise SheetError(line.number, f"There are {len(line.cells)} cells for {width} headings.")
        found.append(Line(line.number, line.cells[:width]))
    return headings, found


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


class _Numbered:
    """The lines of a file, counted as they are read; a NUL is none of CSV."""

    def __init__(self, file: Iterable[str]) -> None:
        self._lines, self.read, self.delimiter = iter(file), 0, ","
        self._first = next(self._lines, "")

    def delimiter_of_first(self) -> None:
        """Headings have none of the delimiters in them, so that the most frequent one it is."""
        unquoted = re.sub(r'"[^"]*"', "", self._first)
        self.delimiter = max(DELIMITERS, key=unquoted.count)

    def __iter__(self) -> Iterator[str]:
        if self._first:
            yield self._counted(self._first)
        for line in self._lines:
            yield self._counted(line)

    def _counted(self, line: str) -> str:
        self.read += 1
        if "\0" in line:
            raise SheetError(self.read, "There is a NUL in it.")
        return line
