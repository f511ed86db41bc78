"""What the gateway answers itself: `GatewayError` is every refusal, `Reply` every reply."""

from collections.abc import Iterable
from http.client import responses
from typing import NamedTuple

import orjson

MISSING_CREDENTIALS = "Authentication credentials were not provided."


class Reply(NamedTuple):
    """A status, header lines in order, and the body in pieces."""

    status: int
    headers: list[tuple[str, str]]
    body: Iterable[bytes]

    @property
    def status_line(self) -> str:
        return f"{self.status} {responses.get(self.status, 'Unknown')}"


class GatewayError(Exception):
    """The gateway answers `status` with `{"detail": …}` instead of forwarding; `headers` go with it."""

    def __init__(self, status: int, detail: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers

    def reply(self) -> Reply:
        return json_reply({"detail": self.detail}, self.status, self.headers)


def json_reply(content: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    body = orjson.dumps(content)
    described = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return Reply(status, [*described, *headers], [body])


def not_found() -> GatewayError:
    return GatewayError(404, "Not found.")
