"""A client of one API, a Patchbay's or a NetBox's: whole lists, and writes that are repeated until they are answered.

A Patchbay does a write with an `Idempotency-Key` once, however often it is sent; all of ours have one.
"""

import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import requests
from requests.auth import AuthBase
from urllib3.filepost import encode_multipart_formdata

from stack.cli_error import CliError

Face = dict[str, Any]

PAGE = 1000
CONNECT_SECONDS, READ_SECONDS = 10, 120
TRIES = 6
LONGEST_WAIT_SECONDS = 15.0
PASSING = (429, 502, 503, 504)
# For so long a write is repeated: twice what a request may take.
WRITE_SECONDS = 60.0
KEY = "Idempotency-Key"


class OutcomeUnknown(CliError):
    """A write was sent again and again, and nobody knows whether it was done."""


class Refused(CliError):
    """The API refused; `status` and what it told."""

    def __init__(self, status: int, told: Any) -> None:
        super().__init__(f"{status} {short(told)}")
        self.status, self.told = status, told


class _Token(AuthBase):
    """Sends the token, and nothing that a .netrc file has for the host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Token {self._token}"
        return request


class ApiClient:
    """The API at `base_url` (without `/api`), asked with `token`; no reply leads the client elsewhere."""

    def __init__(self, base_url: str, token: str) -> None:
        self.base_url = base_url.rstrip("/").removesuffix("/api")
        self._session = requests.Session()
        self._session.auth = _Token(token)
        self._session.headers["Accept"] = "application/json"

    def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
        """The reply to GET `/api/<path>`. Raises Refused, or CliError when there is none."""
        return _parsed(self._ask("GET", f"/api/{path}", params=query, headers=headers))

    def document(self) -> Any:
        """The OpenAPI document, with the part of every service. Raises CliError while one is missing."""
        missing = ""
        for number in range(TRIES):
            reply = self._ask("GET", "/api/schema/")
            missing = reply.headers.get("X-Degraded", "")
            if not missing:
                return _parsed(reply)
            _wait(number, None)
        raise CliError(f"{self.base_url}/api/schema/ lacks what {missing} serves, which does not answer")

    def version(self) -> str:
        """The version of the API (`"2.3"`), as it says itself. Raises CliError."""
        return self._ask("GET", "/api/").headers.get("API-Version", "")

    def raw(self, path: str, most: int) -> bytes:
        """The file at `path` of this host, of at most `most` bytes. Raises Refused, ValueError or CliError."""
        reply = self._ask("GET", path, stream=True, headers={"Accept": "*/*"})
        content = reply.raw.read(most + 1, decode_content=True)
        if len(content) > most:
            raise ValueError(f"the file is larger than {most} bytes")
        return content

    def pages(
        self, path: str, since: int = 0, headers: dict[str, str] | None = None, **query: Any
    ) -> Iterator[tuple[int, list[Face]]]:
        """The list at `path`, as (how many there are, those of a page), in the order of ids where the API can.

        Only the position is taken from the links to the next page, which may say anything.
        """
        position: dict[str, int] = {"cursor": since}
        while True:
            page = self.get(f"{path}/", headers, limit=PAGE, **(query | position))
            yield page["count"], page["results"]
            following = parse_qs(urlsplit(page.get("next") or "").query)
            if not following or not page["results"]:
                return
            name = "cursor" if "cursor" in following and "offset" not in following else "offset"
            step = int(following[name][-1])
            if step <= position.get(name, -1):
                return
            position = {name: step}

    def objects(self, path: str, since: int = 0, headers: dict[str, str] | None = None, **query: Any) -> Iterator[Face]:
        """The objects of the list at `path` whose id is greater than `since`, each once."""
        for _, results in self.pages(path, since, headers, **query):
            yield from (each for each in results if each["id"] > since)

    def send(
        self, method: str, path: str, body: Any, headers: dict[str, str] | None = None, *, key: str = "", **query: Any
    ) -> Any:
        """The reply to a write of JSON, done once for each `key`. Raises Refused and OutcomeUnknown."""
        told = {"Content-Type": "application/json"} | (headers or {})
        return self._write(method, path, key, orjson.dumps(body), told, query)

    def send_csv(self, path: str, content: str, **query: Any) -> Any:
        """The reply to a POST of CSV. Raises as `send`."""
        return self._write("POST", path, "", content.encode(), {"Content-Type": "text/csv; charset=utf-8"}, query)

    def upload(
        self, path: str, fields: dict[str, str], files: dict[str, tuple[str, bytes]], *, key: str = "", **query: Any
    ) -> Any:
        """The reply to a form with files, which has the same bytes for the same `key`. Raises as `send`."""
        content, media = encode_multipart_formdata({**fields, **files}, boundary=key or uuid.uuid4().hex)
        return self._write("POST", path, key, content, {"Content-Type": media}, query)

    def _write(
        self, method: str, path: str, key: str, content: bytes, headers: dict[str, str], query: dict[str, Any]
    ) -> Any:
        given_up, told, number = time.monotonic() + WRITE_SECONDS, "", 0
        headers = {KEY: key or str(uuid.uuid4())} | headers
        while time.monotonic() < given_up:
            retry_after = None
            try:
                reply = self._request(method, f"/api/{path}", data=content, headers=headers, params=query)
            except requests.RequestException as error:
                told = type(error).__name__
            else:
                retry_after, told = reply.headers.get("Retry-After"), str(reply.status_code)
                # A conflict that passes: the first request with this key is still at work.
                if reply.status_code < 500 and reply.status_code != 429 and not (told == "409" and retry_after):
                    return _parsed(reply)
            _wait(min(number, TRIES - 2), retry_after)
            number += 1
        raise OutcomeUnknown(f"{path}: {told}")

    def _ask(self, method: str, path: str, **sent: Any) -> requests.Response:
        told = ""
        for number in range(TRIES):
            try:
                reply = self._request(method, path, **sent)
            except requests.RequestException as error:
                told = type(error).__name__
                _wait(number, None)
                continue
            if reply.status_code not in PASSING:
                return _accepted(reply)
            told = str(reply.status_code)
            _wait(number, reply.headers.get("Retry-After"))
        raise CliError(f"{self.base_url}{path} cannot be read: {told}")

    def _request(self, method: str, path: str, **sent: Any) -> requests.Response:
        seconds = (CONNECT_SECONDS, READ_SECONDS)
        return self._session.request(method, self.base_url + path, timeout=seconds, allow_redirects=False, **sent)


def short(told: Any) -> str:
    """What an API told, on one line that is not too long."""
    text = told if isinstance(told, str) else orjson.dumps(told).decode()
    return " ".join(text.split())[:500]


def _accepted(reply: requests.Response) -> requests.Response:
    if reply.is_redirect:
        raise CliError(f"{reply.url} leads to {reply.headers['Location']}: give that address")
    if reply.status_code >= 400:
        raise Refused(reply.status_code, _told(reply))
    return reply


def _parsed(reply: requests.Response) -> Any:
    _accepted(reply)
    if not reply.content:
        return None
    try:
        return orjson.loads(reply.content)
    except orjson.JSONDecodeError as error:
        raise CliError(f"{reply.url} does not answer in JSON") from error


def _told(reply: requests.Response) -> Any:
    try:
        return orjson.loads(reply.content)
    except orjson.JSONDecodeError:
        return reply.text[:200]


def _wait(number: int, retry_after: str | None) -> None:
    """Before the next try; the last one is not waited for."""
    if number + 1 < TRIES:
        asked = float(retry_after) if retry_after and retry_after.isdigit() else 0.2 * 2**number
        time.sleep(min(asked, LONGEST_WAIT_SECONDS))
