"""One NetBox or Patchbay, read whole before anything is written: a snapshot, from which an import can be resumed."""

import heapq
import re
from collections.abc import Callable, Iterator
from typing import Any

from moving import images
from moving.api import ApiClient, Refused
from moving.catalogue import Kind, TypeCatalogue
from moving.plan import LEFT_BEHIND, CreationPlan
from moving.progress import Progress
from moving.remote import connections, custom_fields
from moving.remote.device_types import Uses
from moving.remote.faces import rows_of
from moving.remote.renames import CABLES_SINCE, MOVED, OWN_NUMBERS_SINCE, machine_interface
from moving.remote.users import users_of
from moving.report import MoveReport
from moving.rows import Row, belongs
from moving.state import State
from moving.unlocking import SECRETS, session_header
from stack.cli_error import CliError

Complete = Callable[[dict[str, Any]], dict[str, Any]]

COMPLETE = "snapshot"
MACHINE_INTERFACES = "virtualization/interfaces"
USERS = "users/users"
# Lists that only repeat others, or are a history.
NO_INVENTORY = re.compile(
    r".*/_.*|dcim/(console|power|interface)-connections|dcim/connected-device|extras/(recent-activity|object-changes"
    r"|webhook-deliveries|reports|scripts|content-types|job-results)|secrets/(get-session-key|generate-rsa-key-pair)|users/(permissions"
    r"|tokens|config)|plugins/.*"
)
OLDEST, NEWEST = (2, 0), (2, 11)


class RemoteSource:
    """The source at `url`; what is read of it is kept in `state` until all of it is here."""

    def __init__(self, url: str, token: str, private_key: str | None, state: State, report: MoveReport) -> None:
        self._api, self._private_key = ApiClient(url, token), private_key
        self._state, self._report = state, report
        self._version = _version(self._api.version())
        self._labels: dict[str, str] = {}
        self._alone: dict[str, bool] = {}

    def fetch(self, catalogue: TypeCatalogue, progress: Progress) -> None:
        """Read all lists that have a place here, and count the others. Raises CliError."""
        lists = list(self._lists())
        wanted = {path: kind for path in lists if (kind := self._kind(catalogue, path))}
        for path in lists:
            if path not in wanted and not NO_INVENTORY.fullmatch(path):
                self._count(path)
        if self._state.fact(COMPLETE):
            return
        for path, kind in wanted.items():
            self._fetch(path, kind, progress)
        progress.end()
        self._state.keep_fact(COMPLETE, "complete")

    def rows(self, catalogue: TypeCatalogue) -> Iterator[Row]:
        """Everything, in an order in which it can be created; when all was taken the snapshot is thrown away."""
        self._labels = {path: kind.label for path, kind in catalogue.kinds.items()}
        self._alone = {label: len(catalogue.of_label(label)) == 1 for label in self._labels.values()}
        context = {"dcim/device-types": Uses(self._state).complete}
        for step in CreationPlan.of(catalogue).steps:
            yield from heapq.merge(*(self._rows_of(kind, context.get(kind.path)) for kind in step), key=_place)
        self._state.keep_fact(COMPLETE, "")
        self._state.forget_fetched()

    def totals(self, catalogue: TypeCatalogue) -> dict[str, int]:
        return {path: self._state.count_fetched(path) for path in catalogue.kinds}

    def _lists(self) -> Iterator[str]:
        for app in self._api.get(""):
            try:
                found = self._api.get(f"{app}/")
            except Refused:
                continue
            if isinstance(found, dict):
                yield from (f"{app}/{name}" for name, address in found.items() if isinstance(address, str))

    def _kind(self, catalogue: TypeCatalogue, path: str) -> Kind | None:
        """The list here that the list at `path` is read into."""
        if path == connections.PATH and self._version >= CABLES_SINCE:
            return None
        kind = catalogue.kinds.get(MOVED.get(path, path))
        return None if kind is None or kind.label in LEFT_BEHIND else kind

    def _count(self, path: str) -> None:
        try:
            answer = self._api.get(f"{path}/", limit=1)
        except CliError:
            return
        if isinstance(answer, dict) and answer.get("count"):
            self._report.no_place(path, answer["count"])

    def _fetch(self, path: str, kind: Kind, progress: Progress) -> None:
        headers = None
        if kind.path == SECRETS:
            if not self._private_key:
                if count := self._api.get(f"{path}/", limit=1)["count"]:
                    self._report.note(path, f"{count} left behind: give --private-key to take them along")
                return
            headers = session_header(self._api, self._private_key)
        try:
            for _, faces in self._api.pages(path, headers=headers):
                with self._state.step():
                    self._state.fetch(kind.path, [face for face in faces if "id" in face])
                progress(kind.path, len(faces))
        except Refused as refused:
            self._report.note(path, f"cannot be read: {refused}")

    def _rows_of(self, kind: Kind, complete: Complete | None) -> Iterator[Row]:
        if kind.path == connections.PATH and self._version >= CABLES_SINCE:
            yield from connections.connections(self._state.fetched("dcim/interfaces"))
            return
        if kind.path == custom_fields.PATH and not self._state.count_fetched(kind.path):
            yield from self._guessed()
            return
        if kind.path == USERS and not self._state.count_fetched(USERS):
            yield from users_of(self._state)
            return
        for face in self._state.fetched(kind.path):
            for row in rows_of(kind, complete(face) if complete else face, self._report):
                yield from self._whole(kind, row, face)

    def _whole(self, kind: Kind, row: Row, face: dict[str, Any]) -> Iterator[Row]:
        """`row` with its file and its number; nothing if it belongs to another list."""
        if not belongs(kind, row):
            if self._alone[kind.label]:
                missing = next(name for name in kind.references if name in kind.required and not row.body.get(name))
                self._report.no_place(f"{kind.path} without {missing}")
            return
        if kind.file:
            try:
                row = images.with_file(self._api, kind, row, face)
            except (Refused, ValueError) as error:
                self._report.refuse(row, str(error))
                return
        if kind.path == MACHINE_INTERFACES and self._version >= OWN_NUMBERS_SINCE:
            row = Row(row.path, machine_interface(face["id"]), row.body)
        yield row

    def _guessed(self) -> Iterator[Row]:
        seen = custom_fields.Definitions()
        for path in self._state.fetched_paths():
            for face in self._state.fetched(path):
                if isinstance(face.get("custom_fields"), dict):
                    seen.see(self._labels[path], face["custom_fields"])
        yield from seen.rows()


def _version(text: str) -> tuple[int, int]:
    """Raises CliError for what this cannot read."""
    found = re.fullmatch(r"(\d+)\.(\d+)(\..*)?", text)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    if not OLDEST <= version <= NEWEST:
        raise CliError(f"the source says that its API has the version {text or 'none'}: v2.0 to v2.11 can be read")
    return version


def _place(row: Row) -> tuple[bool, int, str]:
    """Rows of lists that share a table are in the order of their numbers."""
    return (isinstance(row.id, str), row.id if isinstance(row.id, int) else 0, str(row.id))
