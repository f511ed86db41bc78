"""Many files of the library as rows, a handful of files at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from moving.device_types.converting import DEVICE_TYPES, MANUFACTURERS, TEMPLATES, rows_of
from moving.device_types.definition import Unreadable, read
from moving.report import MoveReport
from moving.rows import Row, SourceId
from stack.cli_error import CliError

FILES_AT_ONCE = 200
ORDER = (MANUFACTURERS, DEVICE_TYPES, *TEMPLATES.values())


def rows(paths: Iterable[Path], report: MoveReport) -> Iterator[Row]:
    """The rows of all files at and below `paths`; files that cannot be read are refused. Raises CliError."""
    files = iter(_files(paths))
    makers: set[SourceId] = set()
    while some := list(islice(files, FILES_AT_ONCE)):
        by_list: dict[str, list[Row]] = {path: [] for path in ORDER}
        for file in some:
            try:
                for row in rows_of(read(file), report):
                    by_list[row.path].append(row)
            except Unreadable as error:
                report.refuse(Row(DEVICE_TYPES, str(file), {}), str(error))
        fresh = {row.id: row for row in by_list[MANUFACTURERS] if row.id not in makers}
        makers |= fresh.keys()
        by_list[MANUFACTURERS] = list(fresh.values())
        for listed in by_list.values():
            yield from listed


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.suffix in (".yaml", ".yml") and each.is_file())
        elif path.exists():
            yield path
        else:
            raise CliError(f"{path} is not there")
