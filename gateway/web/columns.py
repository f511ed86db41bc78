"""The columns of a list: which are shown, and which it can be sorted by."""

from urllib.parse import urlencode

from flask import request

from gateway.web import display
from gateway.web.endpoint import Endpoint
from shared import JsonObject

PARAMETER, ORDERING = "_columns", "ordering"
# The parameters that say which part of a list its page has: another list, or another order, begins at its beginning.
PLACE = ("offset", "cursor", "start")


class Columns:
    """The columns of `rows`: `shown` are those that the reader chose, or those worth one."""

    def __init__(self, rows: list[JsonObject], endpoint: Endpoint | None) -> None:
        self._rows, self._endpoint = rows, endpoint
        self.every = [name for name in (rows[0] if rows else ()) if name not in ("id", "url")]
        chosen = [name for name in request.args.getlist(PARAMETER) if name in self.every]
        self.shown = chosen or display.columns(rows, endpoint.part_of if endpoint else ())

    def order(self, name: str) -> str:
        """What the list is ordered by for column `name`; empty where it cannot be."""
        schema = (self._endpoint.body("post") or {}).get("properties", {}) if self._endpoint else {}
        if self._endpoint is None or not self._endpoint.has_filter(ORDERING) or name not in schema:
            return ""
        if schema[name].get("x-reference"):
            named = any(isinstance(row[name], dict) and "name" in row[name] for row in self._rows)
            return f"{name}.name" if named and schema[name].get("type") != "array" else ""
        return name if schema[name].get("type") in ("string", "integer", "boolean") else ""

    def address(self, name: str) -> str:
        """The list sorted by column `name`, the other way round where it is already."""
        order = self.order(name)
        wanted = f"-{order}" if request.args.get(ORDERING) == order else order
        kept = [(key, text) for key, text in request.args.items(multi=True) if key not in (ORDERING, *PLACE)]
        return f"{request.path}?{urlencode([*kept, (ORDERING, wanted)])}"

    def sorted_by(self, name: str) -> str:
        """How the list is sorted by column `name`, in the words of ARIA; empty where it is not."""
        asked = request.args.get(ORDERING, "")
        if not asked or asked.lstrip("-") != self.order(name):
            return ""
        return "descending" if asked.startswith("-") else "ascending"
