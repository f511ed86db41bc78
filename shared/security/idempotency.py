"""Idempotency keys: a write that is sent once more with the same `Idempotency-Key` is done once, and answered alike.

The header is that of the IETF's draft (draft-ietf-httpapi-idempotency-key-header). The reply is stored in the
transaction of the write: either both are there or none. Only what was done is stored; a refusal changed nothing, and
the same request is judged anew.

A reply may have what is shown once, the key of a token or a plaintext. It is stored encrypted with a key made of that
of the service and the client's, of which the database knows only a digest: it opens for who has both.
"""

import hmac
import os
import re
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import request
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.config import settings
from shared.db import prepared
from shared.db.advisory_locks import IDEMPOTENCY_LOCKS
from shared.http.errors import RETRY_SECONDS, BadRequest, Conflict, UnprocessableContent
from shared.security.authorization import caller
from shared.security.identity import digest, keys_of

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
PARAMETER: JsonObject = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[!#-\[\]-~]*$"},
    "description": "Sent again with it within 24 hours, the same request is done once and answered alike.",
}
KEPT_HOURS = 24
_KEY = re.compile(r'"?([!#-\[\]-~]{1,255})"?', re.ASCII)
_NONCE_BYTES = 12

_LOCK = "SELECT pg_try_advisory_xact_lock($1, hashtext($2))"
_STORED = f"""
SELECT request, status, reply FROM idempotency_key
WHERE name = $1 AND created > clock_timestamp() - interval '{KEPT_HOURS} hours'
"""
# Each write deletes at most two expired keys and skips locked ones, so nobody waits and they do not pile up.
_STORE = f"""
WITH old AS (
    SELECT name FROM idempotency_key WHERE created < clock_timestamp() - interval '{KEPT_HOURS} hours' AND name <> $1
    LIMIT 2 FOR UPDATE SKIP LOCKED
), forgotten AS (DELETE FROM idempotency_key USING old WHERE idempotency_key.name = old.name)
INSERT INTO idempotency_key (name, request, status, reply) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET (request, status, reply, created)
    = (EXCLUDED.request, EXCLUDED.status, EXCLUDED.reply, EXCLUDED.created)
RETURNING status
"""


class Answered(NamedTuple):
    """What a write was answered: the status and the JSON, and whether it was done before."""

    status: int
    body: bytes
    replayed: bool = False

    @property
    def headers(self) -> dict[str, str]:
        return {REPLAYED: "true"} if self.replayed else {}


def once(session: Session, app: str, work: Callable[[], Answered]) -> Answered:
    """The reply of `work()`, which writes to `app` in this transaction; of the first time, if the request has a key.

    Raises BadRequest for what is no key, UnprocessableContent for the key of another request, Conflict while that is
    being answered.
    """
    key = _key_of_request()
    if key is None:
        return work()
    connection = session.connection()
    name, asked = sha256(f"{caller().user_id} {key}".encode()).hexdigest(), _digest_of_request()
    if not prepared.execute(connection, "idempotency_lock", _LOCK, (IDEMPOTENCY_LOCKS, name))[0][0]:
        raise Conflict("The request with this Idempotency-Key is still being answered.", _RETRY)
    for first, status, reply in prepared.execute(connection, "idempotency_stored", _STORED, (name,)):
        if first != asked:
            raise UnprocessableContent("This Idempotency-Key was used for another request.")
        return Answered(status, _opened(app, key, bytes(reply)), replayed=True)
    done = work()
    sealed = _sealed(app, key, done.body)
    prepared.execute(connection, "idempotency_store", _STORE, (name, asked, done.status, sealed))
    return done


_RETRY = {"Retry-After": str(RETRY_SECONDS)}


def _key_of_request() -> str | None:
    given = request.headers.get(HEADER)
    if given is None:
        return None
    read = _KEY.fullmatch(given.strip())
    if read is None:
        raise BadRequest(f"{HEADER}: 1 to 255 visible ASCII characters are needed, best a random UUID.")
    return read[1]


def _digest_of_request() -> str:
    parts = (request.method, request.path, request.query_string.decode("latin-1"), digest(request.get_data()))
    return digest("\0".join(parts).encode())


def _ciphers(app: str, key: str) -> list[AESGCM]:
    """One for each key of the service, the newest first."""
    purpose = f"idempotency {key}".encode()
    keys = keys_of(settings.service_keys.get(app, ""))
    return [AESGCM(hmac.digest(each.encode(), purpose, "sha256")) for each in keys]


def _sealed(app: str, key: str, body: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _ciphers(app, key)[0].encrypt(nonce, body, None)


def _opened(app: str, key: str, reply: bytes) -> bytes:
    """Raises Conflict for what was sealed with another key of the service: it was replaced meanwhile."""
    for cipher in _ciphers(app, key):
        with suppress(InvalidTag):
            return cipher.decrypt(reply[:_NONCE_BYTES], reply[_NONCE_BYTES:], None)
    raise Conflict("This request was answered before, but its reply cannot be read any more.")
