"""A client of one API, of Patchbay or NetBox: reads whole lists, and says when the outcome of a write is unknown."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import requests
from requests.auth import AuthBase

from stack.cli_error import CliError

Face = dict[str, Any]

PAGE = 1000
CONNECT_SECONDS, READ_SECONDS = 10, 120
TRIES = 6
LONGEST_WAIT_SECONDS = 15.0
PASSING = (429, 502, 503, 504)


class OutcomeUnknown(CliError):
    """A write was sent, and nobody knows whether it was done."""


class Refused(CliError):
    """The API refused; `status` and what it told."""

    def __init__(self, status: int, told: Any) -> None:
        super().__init__(f"{status} {short(told)}")
        self.status, self.told = status, told


class _Token(AuthBase):
    """Sends the token; requests would otherwise send what a .netrc file has for the host."""

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

    def version(self) -> str:
        """The version that the API reports (`"2.3"`). Raises CliError."""
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

    def send(self, method: str, path: str, body: Any, headers: dict[str, str] | None = None, **query: Any) -> Any:
        """The reply to a write of JSON. Raises Refused and OutcomeUnknown."""
        told = {"Content-Type": "application/json"} | (headers or {})
        return self._write(method, path, data=orjson.dumps(body), headers=told, params=query)

    def upload(self, path: str, fields: dict[str, str], files: dict[str, tuple[str, bytes]], **query: Any) -> Any:
        """The reply to a form with files. Raises Refused and OutcomeUnknown."""
        return self._write("POST", path, data=fields, files=files, params=query)

    def _write(self, method: str, path: str, **sent: Any) -> Any:
        for number in range(TRIES):
            try:
                reply = self._request(method, f"/api/{path}", **sent)
            except requests.ConnectionError as error:
                if isinstance(error, requests.ConnectTimeout) or "refused" in str(error):
                    _wait(number, None)
                    continue
                raise OutcomeUnknown(f"{path}: {type(error).__name__}") from error
            except requests.RequestException as error:
                raise OutcomeUnknown(f"{path}: {type(error).__name__}") from error
            if reply.status_code in (429, 503):  # said before anything was done
                _wait(number, reply.headers.get("Retry-After"))
                continue
            if reply.status_code >= 500:
                raise OutcomeUnknown(f"{path}: {reply.status_code}")
            return _parsed(reply)
        raise OutcomeUnknown(f"{path}: no answer after {TRIES} tries")

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
    """Sleep before the next try; there is nothing to wait for after the last one."""
    if number + 1 < TRIES:
        asked = float(retry_after) if retry_after and retry_after.isdigit() else 0.2 * 2**number
        time.sleep(min(asked, LONGEST_WAIT_SECONDS))
