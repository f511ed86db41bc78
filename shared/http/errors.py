"""Every error a request can end in, and the one place that turns them into HTTP.

ApiError (an HTTP status and a JSON body)
├── BadRequest             400  {"field": ["…"]}, a list of these for a bulk request
├── Forbidden              403  {"detail": "…"}
├── NotFound               404
├── MethodNotAllowed       405
├── Conflict               409  {"detail": "…"}
├── Protected              409  {"detail": "…", "dependents": […]}
├── PreconditionFailed     412
├── TooLarge               413
├── UnsupportedMediaType   415
├── UnprocessableContent   422
└── ServiceUnavailable     503  {"detail": "…"} and Retry-After
"""

import logging
from typing import Any

import psycopg2.errors
from flask import Flask, Response, current_app, request
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from shared import JsonObject
from shared.http import responses
from shared.telemetry import metrics

NON_FIELD = "non_field_errors"
RETRY_SECONDS = 1

log = logging.getLogger(__name__)


class ApiError(Exception):
    """A request that is refused: `status`, a JSON `body` and extra `headers`."""

    status = 500

    def __init__(self, body: str | JsonObject | list[Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(body)
        self.body = body if isinstance(body, (dict, list)) else {"detail": body}
        self.headers = headers or {}


class BadRequest(ApiError):
    """The data is wrong: messages by field, or a list of them for a bulk request."""

    status = 400


class Forbidden(ApiError):
    """The caller may not do this."""

    status = 403

    def __init__(
        self, body: str | JsonObject | list[Any] = "You do not have permission to perform this action."
    ) -> None:
        super().__init__(body)


class NotFound(ApiError):
    """There is no such object."""

    status = 404

    def __init__(self, body: str | JsonObject | list[Any] = "Not found.") -> None:
        super().__init__(body)


class MethodNotAllowed(ApiError):
    """The verb means nothing here, or not in this form (`how`)."""

    status = 405

    def __init__(self, method: str, how: str = "") -> None:
        super().__init__(f'Method "{method}" not allowed{how and " "}{how}.')


class Conflict(ApiError):
    """What is asked does not go with how things are, or not yet."""

    status = 409


class Protected(ApiError):
    """The object is still referred to; `dependents` are `{type, id, url, name}`."""

    status = 409

    def __init__(self, detail: str, dependents: list[JsonObject]) -> None:
        super().__init__({"detail": detail, "dependents": dependents})


class PreconditionFailed(ApiError):
    """The object is no longer the version that the client has read."""

    status = 412

    def __init__(self, body: str | JsonObject | list[Any] = "The object has been changed since you read it.") -> None:
        super().__init__(body)


class TooLarge(ApiError):
    """More was sent than one request may bring."""

    status = 413


class UnprocessableContent(ApiError):
    """It is understood, but contradicts what was sent before."""

    status = 422


class UnsupportedMediaType(ApiError):
    """A body of a type that is not understood."""

    status = 415


class ServiceUnavailable(ApiError):
    """Something that is needed does not answer; the same request may succeed later."""

    status = 503

    def __init__(self, detail: str) -> None:
        super().__init__(detail, {"Retry-After": str(RETRY_SECONDS)})


def install(app: Flask) -> None:
    """Make every error of `app` leave as JSON."""
    app.register_error_handler(ApiError, refusal)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolTimeout, _busy)
    app.register_error_handler(Exception, _unexpected)


def refusal(error: ApiError) -> Response:
    """The reply that `error` is: for handlers of other errors, as what they raise is handled no more."""
    return responses.json_response(error.body, error.status, error.headers)


def _busy(error: PoolTimeout) -> Response:
    metrics.database_busy.labels(current_app.name).inc()
    return refusal(ServiceUnavailable("The database is busy."))


def _http(error: HTTPException) -> BaseResponse:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()
    if error.code == 405:
        return refusal(MethodNotAllowed(request.method))
    detail = "Not found." if error.code == 404 else error.description
    return responses.json_response({"detail": detail}, error.code or 500)


def _database(error: DBAPIError) -> Response:
    """What the database refused although validation let it pass: a race, a deadlock, or its absence."""
    cause = error.orig
    if isinstance(error, IntegrityError):
        return refusal(BadRequest({NON_FIELD: ["This conflicts with a change made at the same moment."]}))
    if isinstance(cause, (psycopg2.errors.NumericValueOutOfRange, psycopg2.errors.UntranslatableCharacter)):
        return refusal(BadRequest("A value is out of range."))
    if isinstance(cause, psycopg2.errors.ProgramLimitExceeded):
        return refusal(BadRequest("A value is longer than can be stored."))
    if isinstance(cause, psycopg2.errors.QueryCanceled):
        return refusal(ServiceUnavailable("The request takes longer than it may."))
    if error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError)):
        log.warning("database unavailable: %s", type(cause).__name__)
        return refusal(ServiceUnavailable("The database is not available, or busy with a conflicting change."))
    return _unexpected(error)


def _unexpected(error: Exception) -> Response:
    log.error("unexpected error", exc_info=error)
    return responses.json_response({"detail": "Internal error; it has been logged."}, 500)
