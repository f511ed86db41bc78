"""What is to be undone: of each object that a request changed, how it was before, and how it is after."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select

from services.extras.resources.object_changes import ObjectChange, shown_to
from shared import JsonObject
from shared.db.database import database
from shared.http.errors import Forbidden, NotFound, TooLarge
from shared.references.history_functions import CREATED, DELETED, UPDATED
from shared.security.authorization import caller

MOST = 5000
_table = ObjectChange.__table__


@dataclass
class Changed:
    """One object: the state that the request left it `found` in, and the `wanted` one, None where there is none.

    `requested` says that the request named it; `kept` that both states are known.
    """

    label: str
    id: int
    found: JsonObject | None
    wanted: JsonObject | None
    requested: bool
    name: str
    path: str
    kept: bool = True

    @property
    def key(self) -> tuple[str, int]:
        return self.label, self.id


def of_request(request_id: str) -> list[Changed]:
    """What a request changed, in the order in which it became known.

    Raises NotFound, TooLarge, and Forbidden where the caller may see only a part of it.
    """
    found, mine = known_of(request_id), _table.c.request_id == request_id
    shown = select(func.count()).where(mine, *shown_to(caller()))
    with database().reading() as connection:
        seen, count = connection.execute(select(shown.scalar_subquery(), func.count()).where(mine)).one()
    if not found or not seen:
        raise NotFound("No change of such a request is known.")
    if seen < count:
        raise Forbidden("This request changed something that you may not see, too. Nothing was done.")
    return found


def known_of(request_id: str, after: int = 0) -> list[Changed]:
    """The same of what became known after a position; nothing if it changed nothing. Raises TooLarge."""
    return folded(_rows(_table.c.request_id == request_id, _table.c.id > after)) if request_id else []


def row_of(pk: int) -> Any:
    """The change `pk`, which the caller may see. Raises NotFound."""
    found = _rows(_table.c.id == pk, *shown_to(caller()))
    if not found:
        raise NotFound
    return found[0]


def _rows(*conditions: Any) -> list[Row[*tuple[Any, ...]]]:
    with database().reading() as connection:
        rows = connection.execute(select(_table).where(*conditions).order_by(_table.c.id).limit(MOST + 1)).all()
    if len(rows) > MOST:
        raise TooLarge(f"A request that changed more than {MOST} objects is not undone at once.")
    return list(rows)


def folded(rows: Iterable[Any]) -> list[Changed]:
    """One change for each object: from what was before the first to what is after the last.

    What came and went is left out.
    """
    found: dict[tuple[str, int], Changed] = {}
    for row in rows:
        before, after = row.prechange_data, row.postchange_data
        kept = {CREATED: bool(after), UPDATED: bool(before and after), DELETED: bool(before)}[row.action]
        key = row.changed_object_type, row.changed_object_id
        if key not in found:
            found[key] = Changed(*key, after, before, row.requested, row.object_repr, row.home, kept)
            continue
        known = found[key]
        known.found, known.requested = after, known.requested or row.requested
        known.name, known.path, known.kept = row.object_repr, row.home, known.kept and kept
    return [each for each in found.values() if not each.kept or each.found is not None or each.wanted is not None]
