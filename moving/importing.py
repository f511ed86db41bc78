"""What `patchbay import` does: each kind of source becomes rows, and one loader takes them all."""

from collections.abc import Iterable
from pathlib import Path

import click

from moving import json_lines, recipe
from moving.catalogue import TypeCatalogue
from moving.device_types import library
from moving.here import own_api
from moving.loading import Loader
from moving.progress import Progress
from moving.remote.fetching import RemoteSource
from moving.report import CREATED, MoveReport
from moving.rows import Row
from moving.sheets import SheetLoader
from moving.state import State, place
from moving.unlocking import SECRETS, own_key, session_header
from stack.cli_error import CliError
from stack.folder import DataFolder


class Importer:
    """One import into the Patchbay of `folder`; `name` is what its source is remembered as."""

    def __init__(self, folder: DataFolder, *, keep_ids: bool, dry_run: bool, name: str | None) -> None:
        self._folder, self._keep_ids, self._dry_run, self._name = folder, keep_ids, dry_run, name
        self._api, self._keeps_others = own_api(folder), False
        self.report = MoveReport()

    def load_file(self, path: Path, private_key: str | None) -> None:
        """Create what a file lists. Raises CliError."""
        with json_lines.opened(path) as file:
            is_recipe = file.read(64).lstrip()[:1] != b"{"
        if is_recipe:
            recipe.load(self._api, path, self.report)
            self._tell()
            click.echo(f"Created {self.report.total(CREATED)} objects.")
            return
        state = self._open(str(path.resolve()))
        self._load(state, json_lines.read(path), private_key, {})

    def load_sheet(self, path: Path, label: str, in_parts: bool) -> None:
        """Create and change what a file of CSV says of objects of one type. Raises CliError."""
        catalogue = TypeCatalogue(self._api.document())
        kinds = catalogue.of_label(label) or [each for each in catalogue.kinds.values() if each.path == label]
        if not kinds:
            known = sorted({each.label for each in catalogue.kinds.values()})
            raise CliError(f"{label} is no type: it is one of {', '.join(known)}")
        progress = Progress("checked" if self._dry_run else "saved")
        loader = SheetLoader(self._api, kinds[0], catalogue.most_at_once, self.report)
        loader.load(path, in_parts=in_parts, dry_run=self._dry_run, progress=progress)
        progress.end()
        self._tell()

    def device_types(self, paths: list[Path]) -> None:
        """Create the device types that the files at `paths` describe. Raises CliError."""
        state, self._keeps_others = self._open("device-types"), True
        self._load(state, library.rows(paths, self.report), None, {})

    def copy(self, url: str, token: str, private_key: str | None) -> None:
        """Create what another NetBox or Patchbay has. Raises CliError."""
        state = self._open(url)
        remote = RemoteSource(url, token, private_key, state, self.report)
        remote.fetch(self._catalogue, Progress("read"))
        self._load(state, remote.rows(self._catalogue), private_key, remote.totals(self._catalogue))

    def _open(self, source: str) -> State:
        self._catalogue = TypeCatalogue(self._api.document())
        path = place(self._folder.path, self._name or source)
        self.report = MoveReport(path.with_suffix(".rejects.jsonl"))
        state = State(path)
        return state.copy() if self._dry_run else state

    def _load(self, state: State, rows: Iterable[Row], private_key: str | None, totals: dict[str, int]) -> None:
        progress = Progress("checked" if self._dry_run else "imported", totals)
        loader = Loader(
            self._api,
            self._catalogue,
            state,
            self.report,
            keep_ids=self._keep_ids,
            dry_run=self._dry_run,
            progress=progress,
        )
        if private_key and not self._dry_run:
            own_key(self._api, private_key)
            loader.writer.headers[SECRETS] = session_header(self._api, private_key)
        loader.load(rows)
        progress.end()
        gone = {} if self._keeps_others else state.gone()
        for label, number in gone.items():
            self.report.note(label, f"{number} are no longer at the source, and stay here")
        state.close()
        self._tell()

    def _tell(self) -> None:
        for line in self.report.lines():
            click.echo(line)
        self.report.close()
