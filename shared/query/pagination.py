"""Pages of a list: `limit` and `offset`, or `limit` and `cursor`, and the links to the neighbours."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request

from shared.config import settings
from shared.http.errors import BadRequest
from shared.http.responses import base_url
from shared.query.refusals import meaningless, strict
from shared.schema import parsing

MAX_OFFSET = 2**63 - 1


@dataclass(frozen=True)
class Page:
    """`limit` rows from `offset` on; a `limit` of None is all of them.

    With a `cursor`: the rows whose id is greater, in the order of ids. However deep, such a page costs what the first
    does, and what is created, renamed or deleted meanwhile makes no row come twice or be left out. NetBox (4.6) has
    such pages by `start`, the least id that there is on them; a page that `starts` links to the next in this way.
    """

    limit: int | None
    offset: int
    cursor: int | None = None
    starts: bool = False

    @classmethod
    def of_request(cls) -> "Page":
        """The page asked for. As in NetBox, a limit or an offset that is no number means the default, unless the client
        is strict.

        Raises BadRequest for an invalid cursor or start, or one that is combined with what contradicts it.
        """
        limit = _natural("limit", settings.paginate_count)
        if settings.max_page_size:
            limit = min(limit or settings.max_page_size, settings.max_page_size)
        for name in ("cursor", "start"):
            if text := _last(name).strip():
                _refuse_beside(name)
                return cls(limit or None, 0, _id(name, text) - (name == "start"), name == "start")
        return cls(limit or None, min(_natural("offset", 0), MAX_OFFSET))

    def links(self, total: int, following: int | None = None) -> tuple[str | None, str | None]:
        """The addresses of the next and the previous page; `following` is the cursor of the next, if there is one."""
        if self.cursor is not None:
            where = {"start": following and following + 1} if self.starts else {"cursor": following}
            return _link(limit=self.limit, **where) if following else None, None
        if self.limit is None:
            return None, None
        following, preceding = self.offset + self.limit, self.offset - self.limit
        return (
            _link(limit=self.limit, offset=following) if following < total else None,
            _link(limit=self.limit, offset=max(preceding, 0) or None) if self.offset > 0 else None,
        )


def _last(name: str) -> str:
    return (request.args.getlist(name) or [""])[-1]


def _natural(name: str, default: int) -> int:
    text = _last(name).strip()
    if text.isascii() and text.isdigit() and len(text) < 100:
        return int(text)
    if text and strict():
        raise meaningless(name, text)
    return default


def _refuse_beside(name: str) -> None:
    """Refuse `ordering` with a cursor or `start`, whose pages are in the order of ids, and `offset` with `start`."""
    for other in ("ordering", "offset") if name == "start" else ("ordering",):
        if _last(other).strip():
            raise BadRequest({name: [f"Pages by {name} are in the order of ids; there can be no {other}."]})


def _id(name: str, text: str) -> int:
    """0, from which a client starts, or the id that a link had."""
    found = parsing.to_integer(text)
    if found is None or not 0 <= found <= parsing.MAX_INTEGER:
        raise BadRequest({name: ["Must be 0, or what the link to the next page says."]})
    return found


def _link(**changes: Any) -> str:
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    changed = [(name, str(value)) for name, value in changes.items() if value is not None]
    return f"{base_url()}{request.path}?{urlencode(sorted(kept + changed))}"
