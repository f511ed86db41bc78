"""Routing: which app a path belongs to, by its prefix alone."""

import re

from shared.config import APPS
from shared.schema.contracts import SERVED_ELSEWHERE

_APP = re.compile(rf"/(api|internal)/({'|'.join(APPS)})(?:/.*)?", re.DOTALL)
_ELSEWHERE = {
    re.compile(rf"{re.escape(path.rstrip('/'))}(?:[/.].*)?", re.DOTALL): app for path, app in SERVED_ELSEWHERE.items()
}


def route(path: str) -> tuple[str, str]:
    """Who may ask for `path` ("api", "internal" or "pages") and the app that serves it."""
    if match := _APP.fullmatch(path):
        return match[1], next((app for part, app in _ELSEWHERE.items() if part.fullmatch(path)), match[2])
    if path.startswith("/media/"):
        return "api", "extras"
    return "pages", "gateway"


def app_of(path: str) -> str | None:
    """The app that serves `path`; None where none does."""
    audience, app = route(path)
    return None if audience == "pages" else app
