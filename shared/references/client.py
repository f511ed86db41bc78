"""Calls to another service, through the gateway: the only HTTP client in a service."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from flask import current_app

from shared import JsonObject
from shared.config import settings
from shared.http import budget, protocol
from shared.http.client import Client
from shared.http.client_response import ClientResponse, Failed
from shared.security.identity import CALLER_HEADER, DELEGATION_HEADER, HEADER, Identity, digest, sign
from shared.telemetry.origin import origin

T = TypeVar("T")
LONGEST_REASON = 200
CONNECT_SECONDS = 2
READ_SECONDS = 6

log = logging.getLogger(__name__)
_gateway = Client(settings.gateway_url, CONNECT_SECONDS, idle=32)


class ServiceDown(Exception):
    """The service does not answer, or not in time; what it did, if anything, is not known."""

    def __init__(self, service: str) -> None:
        super().__init__(f"The {service} service does not answer.")
        self.service = service


class CallRefused(ServiceDown):
    """The service answers, but not this: it was asked in a way that it refuses, and has done nothing."""

    def __init__(self, service: str, status: int, content: bytes) -> None:
        super().__init__(service)
        self.args = (
            f"The {service} service refuses this: {status} {content[:LONGEST_REASON].decode(errors='replace')}",
        )


def call(
    service: str,
    operation: str,
    data: JsonObject,
    seconds: float = READ_SECONDS,
    fresh: bool = False,
    delegation: str = "",
) -> JsonObject:
    """The answer of `service` to the internal `operation`, on a `fresh` connection if so said. Raises ServiceDown.

    With the `delegation` that came with a request it is asked for the user who made that.
    """
    return _read(service, _send(service, operation, data, seconds, fresh, delegation))


def call_all(
    calls: dict[str, tuple[str, JsonObject]], seconds: float = READ_SECONDS, delegation: str = ""
) -> JsonObject:
    """The answers to `{service: (operation, data)}`, all asked at once; a ServiceDown in place of an answer."""
    sent = {service: _or_down(_send, service, *call, seconds, False, delegation) for service, call in calls.items()}
    return {
        service: answer if isinstance(answer, ServiceDown) else _or_down(_read, service, answer)
        for service, answer in sent.items()
    }


def _send(
    service: str, operation: str, data: JsonObject, seconds: float, fresh: bool, delegation: str
) -> ClientResponse:
    caller, seconds = current_app.extensions["patchbay.app"], budget.left(seconds)
    if not seconds:
        raise ServiceDown(service)
    path, body = f"/internal/{service}/{operation}", orjson.dumps(data)
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **budget.as_header(seconds),
        **protocol.as_header(),
        **origin().as_headers(),
        CALLER_HEADER: caller,
        **({DELEGATION_HEADER: delegation} if delegation else {}),
        HEADER: sign(settings.service_keys[caller], Identity(service=caller), "POST", path, body=digest(body)),
    }
    try:
        return _gateway.send("POST", path, headers, body, seconds, fresh)
    except Failed as error:
        raise ServiceDown(service) from error


def _read(service: str, answer: ClientResponse) -> JsonObject:
    try:
        content = answer.begun().read()
    except Failed as error:
        raise ServiceDown(service) from error
    if answer.status != 200:
        if answer.status < 500:  # repeating it will not help
            refused = CallRefused(service, answer.status, content)
            log.error("%s", refused)
            raise refused
        raise ServiceDown(service)
    said = next((value for name, value in answer.headers if name.lower() == protocol.HEADER.lower()), None)
    if protocol.common(said) is None:
        log.error("the %s service is %s", service, protocol.stranger(said))
        raise ServiceDown(service)
    answered: JsonObject = orjson.loads(content)
    return answered


def _or_down(step: Callable[..., T], *arguments: Any) -> T | ServiceDown:
    try:
        return step(*arguments)
    except ServiceDown as down:
        return down
