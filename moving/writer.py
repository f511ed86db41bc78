"""The requests that create and change objects of one list."""

import secrets
from base64 import b64decode
from typing import Any

from moving.api import ApiClient, OutcomeUnknown
from moving.catalogue import Kind
from moving.state import Sending

RESTORE = {"restore": "true"}
TRIES = 4


class Writer:
    """Writes as a superuser who restores objects (`?restore=true`): a device gets no components from templates.

    With `keep_ids` objects also get the ids that they have at the source. `headers` are extra headers by list.
    """

    def __init__(self, api: ApiClient, keep_ids: bool = False) -> None:
        self._api, self._keep_ids = api, keep_ids
        self.headers: dict[str, dict[str, str]] = {}

    def create(self, kind: Kind, sendings: list[Sending]) -> list[int]:
        """The ids of the new objects. Raises Refused and OutcomeUnknown."""
        if kind.file:
            return [self._upload(kind, sending) for sending in sendings]
        bodies = [self._body(kind, sending) for sending in sendings]
        made = self._api.send("POST", f"{kind.path}/", bodies, self.headers.get(kind.path), **RESTORE)
        return [each["id"] for each in made]

    def change(self, kind: Kind, pk: int, body: dict[str, Any]) -> None:
        """Give the object `pk` these values; repeating it does no harm. Raises Refused and OutcomeUnknown."""
        sent = {name: value for name, value in body.items() if name != kind.file}
        for number in range(TRIES):
            try:
                self._api.send("PATCH", f"{kind.path}/{pk}/", sent, self.headers.get(kind.path))
                return
            except OutcomeUnknown:
                if number + 1 == TRIES:
                    raise

    def _body(self, kind: Kind, sending: Sending) -> dict[str, Any]:
        body = dict(sending.sent)
        if "password" in kind.required:
            body.setdefault("password", secrets.token_urlsafe(24))  # which nobody knows: an administrator sets another
        if self._keep_ids:
            body["id"] = sending.row.id
        return body

    def _upload(self, kind: Kind, sending: Sending) -> int:
        body = self._body(kind, sending)
        file = body.pop(str(kind.file))
        fields = {name: str(value) for name, value in body.items() if value is not None}
        content = b64decode(file["base64"])
        made = self._api.upload(f"{kind.path}/", fields, {str(kind.file): (file["name"], content)}, **RESTORE)
        return int(made["id"])
