"""All services in one process, for a small machine: each at a port of its own, with its own database and keys."""

from collections.abc import Iterable
from importlib import import_module
from logging import LogRecord, getLogRecordFactory, setLogRecordFactory
from typing import Any

from flask import Flask, current_app

from shared.config import TOGETHER, package_of
from shared.telemetry.logs import APP


class Together:
    """A WSGI application that has each service answer at its port, `{port: service}`."""

    def __init__(self, services: dict[int, Flask]) -> None:
        self._services = services

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # Where the connection came in; what a client says of it does not count.
        port = environ["gunicorn.socket"].getsockname()[1]
        return self._services[port](environ, start_response)


def services(**ports: int) -> Together:
    """The services that are to answer at `ports`; what gunicorn calls."""
    setLogRecordFactory(_entry)
    return Together({port: import_module(f"{package_of(name)}.app").app for name, port in ports.items()})


_plain_entry = getLogRecordFactory()


def _entry(*args: Any, **kwargs: Any) -> LogRecord:
    """An entry of the log that says which service made it."""
    entry = _plain_entry(*args, **kwargs)
    setattr(entry, APP, current_app.name if current_app else TOGETHER)
    return entry
