"""The API as a report reads it, with the rights of the user who runs the report."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from shared import JsonObject
from shared.http.client import Client

CONNECT_SECONDS = 2
PAGE = 1000


class ApiRequestFailed(Exception):
    """The API refused to answer: `status` and the `detail` that it gave."""

    def __init__(self, path: str, status: int, detail: Any) -> None:
        super().__init__(f"GET {path}: {status}: {detail}")
        self.status, self.detail = status, detail


class Api:
    """Reads from the gateway at `url` with a token that is good for this one run."""

    def __init__(self, url: str, token: str) -> None:
        self._gateway = Client(url, CONNECT_SECONDS, idle=1)
        self._headers = {"Authorization": f"Token {token}", "Accept": "application/json"}

    def get(self, path: str, **filters: Any) -> Any:
        """What `/api/<path>` answers, as data (`get("dcim/sites/1/")`). Raises ApiRequestFailed."""
        target = f"/api/{path}?{urlencode(filters, doseq=True)}"
        reply = self._gateway.ask("GET", target, self._headers)
        try:
            answer = json.loads(reply.read())
        except ValueError:
            answer = {"detail": "no JSON"}
        if reply.status != 200:
            detail = answer.get("detail", answer) if isinstance(answer, dict) else answer
            raise ApiRequestFailed(f"/api/{path}", reply.status, detail)
        return answer

    def list(self, path: str, **filters: Any) -> Iterator[JsonObject]:
        """Every object of a list, page by page (`list("dcim/devices/", status=1)`). Raises ApiRequestFailed."""
        offset = 0
        while True:
            page = self.get(path, **{"limit": PAGE, **filters, "offset": offset})
            yield from page["results"]
            offset += len(page["results"])
            if not page["next"] or not page["results"]:
                return
