"""Rows become objects, in bulk, whatever happens in between: each once, and again only if it has changed."""

import time
from collections.abc import Callable, Iterable

from moving.adopting import existing, with_id
from moving.api import ApiClient, OutcomeUnknown, Refused
from moving.batches import batches
from moving.catalogue import Kind, TypeCatalogue
from moving.report import CHANGED, CREATED, UNCHANGED, MoveReport
from moving.resolving import DEFINITIONS, Resolver, Unresolved
from moving.rows import Row
from moving.state import Sending, State
from moving.writer import Writer
from stack.cli_error import CliError

FOUND = "found here"
# Who is here already keeps its rights, whatever a source says of somebody with the same name.
ONLY_FOUND = frozenset({"users/users", "users/groups"})
# For so long a Patchbay knows what it did for a key (shared/security/idempotency.py), with an hour to spare.
KEY_SECONDS = 23 * 60 * 60


class Loader:
    """Loads rows into the API of this Patchbay; `progress(path, number)` hears of each that is dealt with."""

    def __init__(
        self,
        api: ApiClient,
        catalogue: TypeCatalogue,
        state: State,
        report: MoveReport,
        *,
        keep_ids: bool = False,
        dry_run: bool = False,
        progress: Callable[[str, int], None] = lambda path, number: None,
    ) -> None:
        self._api, self._catalogue, self._state, self._report = api, catalogue, state, report
        self._keep_ids, self._dry_run, self._progress = keep_ids, dry_run, progress
        self.writer = Writer(api, keep_ids)
        self._resolver = Resolver(api, catalogue, state, report)

    def load(self, rows: Iterable[Row]) -> None:
        """Create what is new and change what differs, in the order of `rows`. Raises CliError."""
        try:
            self._finish_what_was_begun()
            for batch in batches(self._known_kinds(rows), self._catalogue.kinds):
                self._load(self._catalogue.kinds[batch[0].path], batch)
                self._progress(batch[0].path, len(batch))
            for row in self._state.waiting():
                self._complete(row)
        except OutcomeUnknown as error:
            raise CliError(f"nobody knows whether a write was done ({error}): run the import again") from error
        if not self._dry_run:
            self._state.keep_fact("run", self._state.run)

    def _known_kinds(self, rows: Iterable[Row]) -> Iterable[Row]:
        for row in rows:
            if row.path in self._catalogue.kinds:
                yield row
            else:
                self._report.no_place(row.path)

    def _load(self, kind: Kind, batch: list[Row]) -> None:
        known = [self._state.known(kind.label, row.id) for row in batch]
        with self._state.step():
            self._state.seen(kind.label, [row.id for row in batch])
        unchanged = [row for row, (_, print_) in zip(batch, known, strict=True) if print_ == row.print]
        self._report.count(kind.path, UNCHANGED, len(unchanged))
        self._create(kind, [row for row, (target, _) in zip(batch, known, strict=True) if target is None])
        for row, (target, print_) in zip(batch, known, strict=True):
            if target is not None and print_ != row.print:
                self._change(kind, row, target)

    def _create(self, kind: Kind, rows: list[Row]) -> None:
        sendings = []
        for row in rows:
            try:
                resolved = self._resolver.resolve(row, creating=True)
            except Unresolved as error:
                self._report.refuse(row, str(error))
                continue
            for what in resolved.lost:
                self._report.lose(row, what)
            sendings.append(Sending(row, self.writer.body(kind, row, resolved.body), resolved.later))
        if self._dry_run:
            self._keep(kind, sendings, [0] * len(sendings), CREATED)
        else:
            self._send(kind, sendings)

    def _send(self, kind: Kind, sendings: list[Sending], key: str = "") -> None:
        """Create these, but for those that are refused; with a `key`, if that was not done before."""
        while sendings:
            key = key or self._state.begin(sendings)
            try:
                made = self.writer.create(kind, sendings, key)
            except Refused as refused:
                sendings, key = self._without_refused(kind, sendings, refused), ""
            else:
                self._keep(kind, sendings, made, CREATED)
                return
        self._state.end()

    def _without_refused(self, kind: Kind, sendings: list[Sending], refused: Refused) -> list[Sending]:
        """What may be sent again. Raises CliError when nothing would be taken."""
        if refused.status in (401, 403):
            raise CliError(f"{kind.path}: {refused}")
        told = refused.told
        if refused.status == 400 and isinstance(told, list) and len(told) == len(sendings) and any(told):
            for sending, errors in zip(sendings, told, strict=True):
                if errors:
                    self._adopt_or_refuse(kind, sending, errors)
            return [sending for sending, errors in zip(sendings, told, strict=True) if not errors]
        if len(sendings) == 1:
            self._adopt_or_refuse(kind, sendings[0], told)
            return []
        middle = len(sendings) // 2
        for half in (sendings[:middle], sendings[middle:]):
            self._send(kind, half)
        return []

    def _adopt_or_refuse(self, kind: Kind, sending: Sending, why: object) -> None:
        target = self._same(kind, sending)
        if target is None:
            self._report.refuse(sending.row, why)
            return
        self._keep(kind, [sending], [target], FOUND, ended=False)
        if kind.path not in ONLY_FOUND:
            self._change(kind, sending.row, target, counted=False)

    def _same(self, kind: Kind, sending: Sending) -> int | None:
        if not self._keep_ids:
            return existing(self._api, kind, sending.sent)
        same = with_id(self._api, kind, sending.sent)
        return existing(self._api, kind, sending.sent) if same is None and kind.path in ONLY_FOUND else same

    def _change(self, kind: Kind, row: Row, target: int, counted: bool = True) -> None:
        """Make the object `target` what `row` says."""
        if kind.path in ONLY_FOUND:
            self._report.count(kind.path, UNCHANGED)
            return
        try:
            resolved = self._resolver.resolve(row, creating=False)
            if not self._dry_run:
                self.writer.change(kind, target, resolved.body)
        except Unresolved as error:
            self._report.refuse(row, str(error))
            return
        except Refused as refused:
            if refused.status == 404:
                self._state.forget(kind.label, row.id)
                self._create(kind, [row])
            else:
                self._report.refuse(row, refused.told)
            return
        self._forget_definitions(kind)
        with self._state.step():
            self._state.keep(kind.label, row, target)
            if resolved.later:
                self._state.wait(row)
        if counted:
            self._report.count(kind.path, CHANGED)

    def _keep(self, kind: Kind, sendings: list[Sending], made: list[int], what: str, ended: bool = True) -> None:
        with self._state.step():
            for sending, pk in zip(sendings, made, strict=True):
                self._state.keep(kind.label, sending.row, pk)
                if sending.later:
                    self._state.wait(sending.row)
            if ended:
                self._state.end()
        self._forget_definitions(kind)
        self._report.count(kind.path, what, len(sendings))

    def _complete(self, row: Row) -> None:
        """Set the references that had to wait; what is not there now will not come."""
        kind = self._catalogue.kinds[row.path]
        target = self._state.target(kind.label, row.id)
        try:
            resolved = self._resolver.resolve(row, creating=False, patient=False)
            for what in resolved.lost:
                self._report.lose(row, what)
            if target is not None and not self._dry_run:
                self.writer.change(kind, target, resolved.body)
        except (Unresolved, Refused) as error:
            self._report.lose(row, str(error))
        self._state.settle(row)

    def _finish_what_was_begun(self) -> None:
        sendings = self._state.unfinished()
        if not sendings or self._dry_run:
            return
        kind = self._catalogue.kinds[sendings[0].row.path]
        if time.time() > float(self._state.fact("begun") or 0) + KEY_SECONDS and not kind.unique:
            self._report.note(kind.path, "an import was stopped here over a day ago: look for objects that are twice")
        self._send(kind, sendings, self._state.fact("key") or "")

    def _forget_definitions(self, kind: Kind) -> None:
        if kind.path == DEFINITIONS:
            self._resolver.forget_definitions()
