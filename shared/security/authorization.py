"""Who may do what: every request carries an identity the gateway signed, every verb needs its permission."""

import logging
from collections.abc import Callable, Iterable
from typing import Protocol, cast

from flask import Flask, Response, request
from sqlalchemy import ColumnElement

from shared.config import settings
from shared.http import protocol
from shared.http.context import context
from shared.http.errors import Forbidden
from shared.security import replay_protection
from shared.security.identity import HEADER, Forged, Identity, digest, verify

OPEN_PATHS = {"/healthz", "/readyz", "/metrics"}
SAFE = {"GET", "HEAD", "OPTIONS"}
PERMISSION_OF = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}

log = logging.getLogger(__name__)


def install(app: Flask, name: str) -> None:
    """Refuse every request to `app` that has no valid signed identity."""

    @app.before_request
    def identify() -> None:
        if request.path in OPEN_PATHS:
            return
        protocol.require(request.headers.get(protocol.HEADER), name)
        try:
            context().identity = verify(
                settings.service_keys.get(name, ""),
                request.headers.get(HEADER),
                request.method,
                request.path,
                request.query_string.decode("latin-1"),
                lambda: digest(request.get_data()),
            )
        except Forged as error:
            log.warning("identity refused: %s (%s %s)", error, request.method, request.path)
            raise Forbidden("This service answers only to its gateway.") from error
        replay_protection.arm(caller(), request.method)

    @app.after_request
    def name_protocol(reply: Response) -> Response:
        if request.path.startswith("/internal/"):
            reply.headers.update(protocol.as_header())
        return reply


def caller() -> Identity:
    """Who is asking."""
    return cast(Identity, context().identity)


def user_id() -> int:
    """The id of the user who is asking. Raises Forbidden when it is nobody, or a service."""
    found = caller().user_id
    if found is None:
        raise Forbidden("Authentication credentials were not provided.")
    return found


def require(permission_of: Callable[[str], str | None]) -> None:
    """Let the request pass if its verb is safe or the caller holds `permission_of(verb)`. Raises Forbidden.

    Where that is None, every user may, with a token that may write.
    """
    if request.method in SAFE:
        return
    identity = require_user()
    verb = PERMISSION_OF.get(request.method)
    if not verb:
        return
    needed = permission_of(verb)
    if not identity.write or (needed and not identity.may(needed)):
        raise Forbidden


def require_user() -> Identity:
    """Who is asking, which must be somebody. Raises Forbidden."""
    identity = caller()
    if identity.anonymous:
        raise Forbidden("Authentication credentials were not provided.")
    return identity


def users_only(identity: Identity) -> tuple[ColumnElement[bool], ...]:
    """For `Resource.visible`: every user sees every row, nobody else sees any. Raises Forbidden."""
    require_user()
    return ()


class Limited(Protocol):
    """A resource, as far as this module knows one: it may show a caller only some rows."""

    @property
    def visible(self) -> Callable[[Identity], Iterable[ColumnElement[bool]]] | None: ...


def visible_rows(resource: Limited) -> list[ColumnElement[bool]]:
    """The conditions on the rows of `resource` that this caller may see, beyond `only`. Raises Forbidden."""
    return list(resource.visible(caller())) if resource.visible else []
