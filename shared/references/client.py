"""Calls to another service, through the gateway: the only HTTP client in a service."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import orjson
import urllib3
from flask import current_app, g, has_request_context

from shared.config import settings
from shared.identity import CALLER_HEADER, HEADER, Identity, digest, sign

CONNECT_SECONDS = 2
READ_SECONDS = 6

_pool = urllib3.connection_from_url(settings.gateway_url, maxsize=32, retries=False)


class ServiceDown(Exception):
    """The service does not answer, or not in time; what it did, if anything, is not known."""

    def __init__(self, service: str):
        super().__init__(f"The {service} service does not answer.")
        self.service = service


def call(service: str, operation: str, data: dict, seconds: float = READ_SECONDS) -> dict:
    """The answer of `service` to the internal `operation`. Raises ServiceDown."""
    caller = current_app.extensions["patchbay.app"]
    path, body = f"/internal/{service}/{operation}", orjson.dumps(data)
    headers = {
        "Content-Type": "application/json",
        CALLER_HEADER: caller,
        HEADER: sign(settings.service_keys[caller], Identity(service=caller), "POST", path, body=digest(body)),
    }
    if has_request_context() and g.get("request_id"):
        headers["X-Request-ID"] = g.request_id
    try:
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=seconds)
        reply = _pool.urlopen("POST", path, body, headers, timeout=timeout, redirect=False)
    except urllib3.exceptions.HTTPError as error:
        raise ServiceDown(service) from error
    if reply.status != 200:
        raise ServiceDown(service)
    return orjson.loads(reply.data)


def call_all(calls: dict[str, tuple[str, dict]], seconds: float = READ_SECONDS) -> dict:
    """The answers to `{service: (operation, data)}`, asked in parallel; a ServiceDown in place of an answer."""

    def answer(service: str):
        try:
            return call(service, *calls[service], seconds)
        except ServiceDown as down:
            return down

    return dict(zip(calls, in_parallel(answer, list(calls)), strict=True))


def in_parallel(work: Callable, items: list) -> list:
    """What `work(item)` returns for each of `items`: the first in this thread, each other in one of its own."""
    if len(items) <= 1:
        return [work(each) for each in items]
    app = current_app._get_current_object()

    def in_context(item):
        with app.app_context():
            return work(item)

    with ThreadPoolExecutor(max_workers=len(items) - 1) as pool:
        others = pool.map(in_context, items[1:])
        return [work(items[0]), *others]
