"""Waiting for the next change: a list that has nothing yet is read again as soon as there is anything new.

Who waits holds a thread, but neither a connection nor a turn of those that work. One thread of the process looks for
all of them, and only while somebody waits.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from flask import Flask, current_app, request
from marshmallow import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from shared.http import budget
from shared.http.errors import BadRequest, ServiceUnavailable
from shared.query.filter_base import AnyColumn, Condition, Filter
from shared.schema import fields, parsing

MOST_SECONDS, MOST_WAITING = 25, 64
LOOK_SECONDS = 0.2
# What is kept of the budget to answer with.
SPARE_SECONDS = 2.0


class PageOfIds(Protocol):
    """The objects of a page, by id."""

    @property
    def ids(self) -> list[int]: ...


T = TypeVar("T", bound=PageOfIds)
_seconds = fields.Integer(0, MOST_SECONDS)
_position = fields.Integer(0, parsing.MAX_INTEGER)


class After(Filter):
    """`after`: what came after a position, in the order in which it came. Raises BadRequest for what is none."""

    kind, strict = "integer", True
    told = "The changes after this position, which is the id of the last change that is known, or 0; oldest first."

    def __init__(self, column: AnyColumn) -> None:
        super().__init__("after", lambda text: column > _read("after", _position, text))


class Wait(Filter):
    """`wait`: how many seconds a reply may be waited for; it narrows nothing."""

    kind, strict = "integer", True
    told = f"Answer as soon as there is something, and after so many seconds at the latest, at most {MOST_SECONDS}."

    def __init__(self) -> None:
        super().__init__("wait", lambda text: None)

    def asked(self, values: list[str]) -> Condition | None:
        return None


class Stream:
    """What grows at its end; `newest()` is the position of that."""

    def __init__(self, newest: Callable[[], int]) -> None:
        self._newest = newest
        self._known, self._waiting, self._looking = 0, 0, False
        self._changed = threading.Condition()

    def awaited(self, read: Callable[[], T]) -> T:
        """What `read()` finds, once that is anything, or once the request has waited long enough.

        Raises BadRequest for what is no time to wait, and ServiceUnavailable if too many do.
        """
        until = time.monotonic() + min(_asked(), max(budget.left(MOST_SECONDS) - SPARE_SECONDS, 0))
        while True:
            seen = self._newest() if time.monotonic() < until else 0
            found = read()
            if found.ids or time.monotonic() >= until or not self._grows(seen, until):
                return found

    def _grows(self, seen: int, until: float) -> bool:
        """Wait until there is more than `seen`; whether there is."""
        turns = current_app.extensions["patchbay.turns"]
        with turns.left(), self._changed:
            if self._waiting >= MOST_WAITING:
                raise ServiceUnavailable("Too many wait for changes already.")
            self._waiting += 1
            if not self._looking:
                self._looking = True
                app = current_app._get_current_object()  # type: ignore[attr-defined]
                threading.Thread(target=self._look, args=(app,), daemon=True, name="changes").start()
            try:
                while self._known <= seen and time.monotonic() < until and not budget.is_over():
                    self._changed.wait(min(until - time.monotonic(), budget.LOOK_UP_SECONDS))
            finally:
                self._waiting -= 1
            return self._known > seen

    def _look(self, app: Flask) -> None:
        """Look again and again, until nobody waits."""
        with app.app_context():
            while True:
                try:
                    newest = self._newest()
                except (SQLAlchemyError, ServiceUnavailable):
                    newest = 0
                with self._changed:
                    if newest > self._known:
                        self._known = newest
                        self._changed.notify_all()
                    if not self._waiting:
                        self._looking = False
                        return
                time.sleep(LOOK_SECONDS)


def _asked() -> int:
    text = request.args.get("wait", "")
    return _read("wait", _seconds, text) if text.strip() else 0


def _read(name: str, field: fields.Integer, text: str) -> int:
    try:
        return int(field.deserialize(text))
    except ValidationError as error:
        raise BadRequest({name: error.messages}) from error
