"""Address spaces: the global table and every VRF. Who writes into one, and what must not be in it twice.

Whether an address is free or taken cannot be read from a row lock, for there is no row yet. So writers lock the
space (an advisory lock until the end of the transaction): alone where they depend on what is not there (uniqueness,
free space), together where they do not. A container of the global table looks into all spaces, so every writer also
shares the lock of EVERY, which an allocation from such a container holds alone.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.config import settings
from shared.db import prepared
from shared.db.advisory_locks import VRF_LOCKS
from shared.schema.changes import Change, Rule
from shared.schema.naming import described, name_of

GLOBAL, EVERY = 0, -1
_LOCK = f"""
SELECT CASE WHEN alone THEN pg_advisory_xact_lock({VRF_LOCKS}, pk)::text
ELSE pg_advisory_xact_lock_shared({VRF_LOCKS}, pk)::text END
FROM unnest(CAST($1 AS int[]), CAST($2 AS boolean[])) AS space(pk, alone)
"""


def lock(session: Session, spaces: "dict[int | None, bool]") -> None:
    """Lock the spaces (ids of VRFs, None is the global table), alone where the value is true; in one order for all."""
    wanted = sorted(({EVERY: False} | {pk or GLOBAL: alone for pk, alone in spaces.items()}).items())
    pks, alone = zip(*wanted, strict=True)
    prepared.execute(session.connection(), "lock_spaces", _LOCK, (list(pks), list(alone)))


def enforces(vrf: Any) -> bool:
    """Whether what is in `vrf` (None: the global table) must be unique there."""
    return vrf.enforce_unique if vrf else settings.enforce_global_unique


def _name(vrf: Any) -> str:
    return f"the VRF {vrf.name}" if vrf else "the global table"


def validate_unique_in_vrf(column: str, key: Callable[[Any], str]) -> Rule[Any]:
    """The rule that no two objects of a space that enforces it have the same `column`, compared by `key(value)`."""

    def validate_unique(session: Session, changes: list[Change]) -> None:
        lock(session, {change.object.vrf_id: enforces(change.object.vrf) for change in changes})
        claimed = [
            (change, (change.object.vrf_id, key(change.object))) for change in changes if enforces(change.object.vrf)
        ]
        taken = _taken(session, column, claimed)
        for change, place in claimed:
            if place in taken:
                change.fail(f"{name_of(change.object)} is in {_name(change.object.vrf)} already: {taken[place]}.")
            taken.setdefault(place, "in this request")

    return validate_unique


def _taken(
    session: Session, column: str, claimed: list[tuple[Change, tuple[int | None, str]]]
) -> dict[tuple[int | None, str], str]:
    """The (space, key) pairs among the claimed ones that other stored objects have, and what these are."""
    if not claimed:
        return {}
    model = type(claimed[0][0].object)
    own = [change.object.id for change, _ in claimed if change.object.id]
    compared = getattr(model, column)
    rows = session.execute(
        select(model, compared).where(compared.in_({key for _, (_, key) in claimed}), model.id.not_in(own))
    )
    return {(row.vrf_id, key): described(row) for row, key in rows}
