"""Reports: what a module in REPORTS_ROOT imports to check the data (`from shared.reports import Report`).

May use `http` and `config` only.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from shared import JsonObject

LONGEST_MESSAGE = 2000
MOST_ENTRIES = 10_000
_NAMES = ("display_name", "name", "username", "model", "cid", "prefix", "address")


class Report:
    """A report: each method `test_…` checks something, and logs what it finds by object of the API.

    `description` is shown in the list of reports; `api` (`shared.reports.api.Api`) reads as the user who runs it.
    """

    description = None
    api: Any = None

    def __init__(self) -> None:
        self.result = fresh_result()

    def log(self, message: str) -> None:
        """Log a message that is about no object."""
        self._log("default", None, message)

    def log_success(self, obj: Any, message: str | None = None) -> None:
        """Count a success; it is logged if there is a message."""
        self._count("success", obj, message)

    def log_info(self, obj: Any, message: str) -> None:
        self._count("info", obj, message)

    def log_warning(self, obj: Any, message: str) -> None:
        self._count("warning", obj, message)

    def log_failure(self, obj: Any, message: str) -> None:
        """Log a failure, by which the whole report fails."""
        self._count("failure", obj, message)

    def _count(self, level: str, obj: Any, message: str | None) -> None:
        self.result[level] += 1
        if message is not None:
            self._log(level, obj, message)

    def _log(self, level: str, obj: Any, message: str) -> None:
        entries = self.result["log"]
        if len(entries) < MOST_ENTRIES:
            now = datetime.now(UTC).isoformat()
            entries.append([now, level, *_named(obj), storable(message)])


def fresh_result() -> JsonObject:
    """The result of a test that has found nothing yet."""
    return {"success": 0, "info": 0, "warning": 0, "failure": 0, "log": []}


def test_methods(report: type[Report]) -> list[str]:
    """The names of the tests, in the order in which they run."""
    return [name for name in dir(report) if name.startswith("test_") and callable(getattr(report, name))]


def storable(text: str) -> str:
    """`text` as PostgreSQL can keep it."""
    return str(text).replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:LONGEST_MESSAGE]


def _named(obj: Any) -> tuple[str | None, str | None]:
    """What an object of the API is called, and its path."""
    if obj is None:
        return None, None
    if not isinstance(obj, dict):
        return storable(obj), None
    name = next((obj[each] for each in _NAMES if obj.get(each)), f"#{obj.get('id')}")
    return storable(name), storable(urlsplit(str(obj["url"])).path) if obj.get("url") else None
