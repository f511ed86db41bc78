"""Everything that a Patchbay has, as rows in an order in which they can be created."""

import heapq
from collections.abc import Callable, Iterator

from moving import images
from moving.api import ApiClient, Refused
from moving.catalogue import Kind, TypeCatalogue
from moving.plan import LEFT_BEHIND, CreationPlan
from moving.report import MoveReport
from moving.rows import Row, belongs, row_of
from moving.unlocking import SECRETS

EXPORTED = "written"


class Exporter:
    """Reads the API of a Patchbay; secrets only with the `session` header that opens them."""

    def __init__(
        self,
        api: ApiClient,
        report: MoveReport,
        session: dict[str, str] | None = None,
        progress: Callable[[str, int], None] = lambda path, number: None,
    ) -> None:
        self._api, self._report, self._session, self._progress = api, report, session, progress
        self.catalogue = TypeCatalogue(api.document())

    def rows(self) -> Iterator[Row]:
        """All rows, those of one type in the order of their ids."""
        for step in CreationPlan.of(self.catalogue).steps:
            for row in heapq.merge(*map(self._rows_of, step), key=lambda row: row.id):
                self._report.count(row.path, EXPORTED)
                self._progress(row.path, 1)
                yield row
        for label, why in LEFT_BEHIND.items():
            if kinds := self.catalogue.of_label(label):
                self._leave(kinds[0], why)

    def _rows_of(self, kind: Kind) -> Iterator[Row]:
        if kind.path == SECRETS and not self._session:
            self._leave(kind, "give --private-key to take them along")
            return
        headers = self._session if kind.path == SECRETS else None
        for face in self._api.objects(kind.path, headers=headers):
            row = row_of(kind, face)
            if not belongs(kind, row):
                continue
            if kind.file:
                try:
                    row = images.with_file(self._api, kind, row, face)
                except (Refused, ValueError) as error:
                    self._report.refuse(row, str(error))
                    continue
            if kind.path == SECRETS and row.body.get("plaintext") is None:
                self._report.refuse(row, "this private key does not open it")
                continue
            yield row

    def _leave(self, kind: Kind, why: str) -> None:
        if count := self._api.get(f"{kind.path}/", limit=1)["count"]:
            self._report.note(kind.path, f"{count} left behind: {why}")
