"""Facts: which of them the replicas of each type have, as owner and holder may be of different releases.

Everything that an owner sends says which facts it publishes. When a holder stores a replica without some fact, because
the owner did not send it or the holder does not know it, that fact no longer counts as one that all replicas have. As
soon as both sides know it (again), it is fetched for every replica (`catching_up.py`).
"""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, Table, func, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.references import memory
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record


class Fetching(NamedTuple):
    """The facts `names` of the replicas of `label` are fetched, and are there up to the id `after`.

    `number` is another whenever it begins anew.
    """

    label: str
    names: list[str]
    after: int
    number: UUID


def wanted(base: type[Record], owner: str) -> dict[str, list[str]]:
    """The facts that this holder keeps, by the label of each type of `owner`."""
    return {model.label: list(CONTRACTS[model.label].kept) for model in memory.replicas_of(base, owner)}


def compare(session: Session, target: type[Record], told: Iterable[str]) -> None:
    """Called when replicas are stored with the facts `told`: ours that are missing no longer count as complete.

    To be called with the position of the owner locked.
    """
    kept = set(CONTRACTS[target.label].kept)
    if not (differing := kept.symmetric_difference(told)):
        return
    table = _table(target)
    mine = table.c.label == target.label
    known = session.execute(select(table.c.had, table.c.fetching).where(mine)).first()
    if known and differing & {*known.had, *known.fetching}:
        less = {name: sorted(set(names) - differing) for name, names in known._mapping.items()}
        session.execute(update(table).where(mine).values(less))


def publish(session: Session, target: type[Record], published: Iterable[str]) -> None:
    """The owner publishes these facts: those that we keep and have not had are to be fetched for all replicas.

    To be called with the position of the owner locked.
    """
    table, now = _table(target), set(published) & set(CONTRACTS[target.label].kept)
    known = session.execute(select(table).where(table.c.label == target.label)).first()
    had, fetching = (set(known.had), set(known.fetching)) if known else (set(), set())
    new: JsonObject = {"had": sorted(had & now), "fetching": sorted(now - had)}
    if now - had - fetching:
        new |= {"after": 0, "number": func.gen_random_uuid()}
    elif had | fetching <= now:
        return
    statement = postgresql.insert(table).values(label=target.label, **new)
    session.execute(statement.on_conflict_do_update(index_elements=["label"], set_=new))


def had(connection: Connection, base: type[Record]) -> dict[str, list[str]]:
    """The facts that all replicas have, by label."""
    table = base.metadata.tables["reference_fact"]
    return dict(connection.execute(select(table.c.label, table.c.had)).all())


def to_fetch(connection: Connection, base: type[Record]) -> list[Fetching]:
    """What is being fetched of the types that are held."""
    table = base.metadata.tables["reference_fact"]
    some = select(table).where(func.cardinality(table.c.fetching) > 0).order_by(table.c.label)
    return [_fetching(row) for row in connection.execute(some) if row.label in base.models]


def fetched(session: Session, target: type[Record], of: Fetching, after: int | None) -> None:
    """The replicas up to the id `after`, or all, have the facts, unless fetching them began anew meanwhile."""
    table = _table(target)
    done: JsonObject = {"had": table.c.had + table.c.fetching, "fetching": []} if after is None else {"after": after}
    session.execute(update(table).where(table.c.label == of.label, table.c.number == of.number).values(done))


def _fetching(row: Row[Any]) -> Fetching:
    return Fetching(row.label, row.fetching, row.after, row.number)


def _table(target: type[Record]) -> Table:
    return target.metadata.tables["reference_fact"]
