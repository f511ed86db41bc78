"""One list of what belongs to an object, as the page of that object shows it."""

from urllib.parse import urlencode

from gateway.web import columns, display
from gateway.web.endpoint import Endpoint
from shared import JsonObject


class RelatedList:
    """The beginning of the list at `endpoint`, as `columns` and `rows`; `body` is the object it belongs to."""

    def __init__(self, part: JsonObject, endpoint: Endpoint | None, body: JsonObject) -> None:
        self.path, self.count = part["list"], part["count"]
        self.rows = [display.marked(row, endpoint.html if endpoint else []) for row in part["objects"]]
        self.name = named(self.path)
        self.id = self.path.split("/")[3]
        self.address = f"{self.path}?{urlencode(part['queries'][0])}"
        self.columns = [
            name
            for name in columns.usual(self.rows, endpoint)
            if not all(isinstance(row[name], dict) and row[name].get("url") == body.get("url") for row in self.rows)
        ]

    @property
    def left_out(self) -> int:
        return int(self.count) - len(self.rows)


def named(path: str) -> str:
    """What the list at `path` is called."""
    return display.label(path.split("/")[3])
