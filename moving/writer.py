"""The requests that create and change objects of one list."""

import secrets
from base64 import b64decode
from typing import Any

from moving.api import ApiClient
from moving.catalogue import Kind
from moving.rows import Row
from moving.state import Sending

RESTORE = {"restore": "true"}


class Writer:
    """Writes as a superuser who brings back what was: a device gets no components of its type's templates.

    With `keep_ids` objects also get the ids that they have at the source. `headers` are sent to the lists they are by.
    """

    def __init__(self, api: ApiClient, keep_ids: bool = False) -> None:
        self._api, self._keep_ids = api, keep_ids
        self.headers: dict[str, dict[str, str]] = {}

    def body(self, kind: Kind, row: Row, resolved: dict[str, Any]) -> dict[str, Any]:
        """What is sent for a new object: what is made up here is made up once, however often it is sent."""
        body = dict(resolved)
        if "password" in kind.required:
            body.setdefault("password", secrets.token_urlsafe(24))  # which nobody knows: an administrator sets another
        if self._keep_ids:
            body["id"] = row.id
        return body

    def create(self, kind: Kind, sendings: list[Sending], key: str) -> list[int]:
        """The ids of the new objects, which are made once for each `key`. Raises Refused and OutcomeUnknown."""
        if kind.file:
            return [self._upload(kind, sending, f"{key}-{number}") for number, sending in enumerate(sendings)]
        bodies = [sending.sent for sending in sendings]
        headers = self.headers.get(kind.path)
        made = self._api.send("POST", f"{kind.path}/", bodies, headers, key=key, **RESTORE)
        return [each["id"] for each in made]

    def change(self, kind: Kind, pk: int, body: dict[str, Any]) -> None:
        """Give the object `pk` these values. Raises Refused and OutcomeUnknown."""
        sent = {name: value for name, value in body.items() if name != kind.file}
        self._api.send("PATCH", f"{kind.path}/{pk}/", sent, self.headers.get(kind.path))

    def _upload(self, kind: Kind, sending: Sending, key: str) -> int:
        body = dict(sending.sent)
        file = body.pop(str(kind.file))
        fields = {name: str(value) for name, value in body.items() if value is not None}
        content = b64decode(file["base64"])
        made = self._api.upload(f"{kind.path}/", fields, {str(kind.file): (file["name"], content)}, key=key, **RESTORE)
        return int(made["id"])
