"""The columns of a list: which are shown, and which it can be sorted by."""

from urllib.parse import urlencode

from flask import request

from gateway.web import display
from gateway.web.endpoint import Endpoint
from shared import JsonObject

PARAMETER, ORDERING = "_columns", "ordering"
# The parameters that say which part of a list its page has: another list, or another order, begins at its beginning.
PLACE = ("offset", "cursor", "start")


def usual(rows: list[JsonObject], endpoint: Endpoint | None) -> list[str]:
    """The columns of `rows` where nobody chose any: those that the list declares, else those worth one."""
    declared = [name for name in (endpoint.columns if endpoint else ()) if rows and name in rows[0]]
    return declared or display.columns(rows, endpoint.part_of if endpoint else ())


class Columns:
    """The columns of `rows`: `shown` are those that the reader chose, or the usual ones."""

    def __init__(self, rows: list[JsonObject], endpoint: Endpoint | None) -> None:
        self._ordered_by = endpoint.ordered_by if endpoint else []
        self.every = [name for name in (rows[0] if rows else ()) if name not in ("id", "url")]
        chosen = [name for name in request.args.getlist(PARAMETER) if name in self.every]
        self.shown = chosen or usual(rows, endpoint)

    def is_ordered(self, name: str) -> bool:
        """Whether the list can be ordered by column `name`; by a reference it is by what its objects are called."""
        return name in self._ordered_by

    def address(self, name: str) -> str:
        """The list sorted by column `name`, the other way round where it is already."""
        wanted = f"-{name}" if request.args.get(ORDERING) == name else name
        kept = [(key, text) for key, text in request.args.items(multi=True) if key not in (ORDERING, *PLACE)]
        return f"{request.path}?{urlencode([*kept, (ORDERING, wanted)])}"

    def sorted_by(self, name: str) -> str:
        """How the list is sorted by column `name`, in the words of ARIA; empty where it is not."""
        asked = request.args.get(ORDERING, "")
        if asked.lstrip("-") != name:
            return ""
        return "descending" if asked.startswith("-") else "ascending"
