"""Logs: one line each, on standard error, with the id of the request they belong to; plain, or JSON for machines.

`LOG_FORMAT` chooses; `ACCESS_LOG` adds a line for each request that was answered.
"""

import logging
import time
from typing import Any
from urllib.parse import quote

import orjson

from shared import JsonObject
from shared.config import settings
from shared.telemetry.origin import origin

_access = logging.getLogger("patchbay.access")
# What an entry may say beyond its message: `log.info(…, extra={FACTS: {…}})`.
FACTS = "facts"
# The attribute of an entry that says who made it, where a process serves several (stack/together.py).
APP = "app"


class PlainFormatter(logging.Formatter):
    """`time level logger [request] message`, and each line of a traceback with the request again."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        facts = "".join(f" {name}={value}" for name, value in getattr(record, FACTS, {}).items())
        head = f"{self.formatTime(record)} {record.levelname} {record.name}"
        head += f" {getattr(record, APP)}" if hasattr(record, APP) else ""
        mark = f" [{origin().request_id}]" if origin().request_id else ""
        first, *rest = f"{record.getMessage()}{facts}".splitlines() or [""]
        rest += _traceback(self, record).splitlines()
        return "\n".join([f"{head}{mark} {first}", *(f"{mark[1:]} {line}" if mark else line for line in rest)])


class JsonFormatter(logging.Formatter):
    """An object a line: `time`, `level`, `app`, `logger`, `message`; `request_id`, `trace_id`, `error` if there are."""

    converter = staticmethod(time.gmtime)
    default_time_format = PlainFormatter.default_time_format
    default_msec_format = PlainFormatter.default_msec_format

    def format(self, record: logging.LogRecord) -> str:
        line: JsonObject = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "app": getattr(record, APP, settings.process),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": origin().request_id,
            "trace_id": origin().trace_id,
            "error": _traceback(self, record),
            **getattr(record, FACTS, {}),
        }
        return orjson.dumps({name: value for name, value in line.items() if value != ""}, default=str).decode()


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    error = formatter.formatException(record.exc_info) if record.exc_info else record.exc_text or ""
    return f"{error}\n{formatter.formatStack(record.stack_info)}" if record.stack_info else error


def configuration() -> dict[str, Any]:
    """What the logging of Python, and gunicorn's, are configured with."""
    formatter = JsonFormatter if settings.log_format == "json" else PlainFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
            "patchbay.access": {"level": "INFO"},
        },
    }


def access(method: str, path: str, status: int, seconds: float, **more: str | int) -> None:
    """Log an answered request, where that is asked for. `path` goes without its query, in which anything may be."""
    if settings.access_log:
        facts = {
            "method": quote(method),
            "path": quote(path, safe="/:@!$&'()*+,;=~"),
            "status": status,
            "milliseconds": round(1000 * seconds, 1),
            **more,
        }
        _access.info("answered", extra={FACTS: facts})
