"""The outbox: what has to be told to whom, one entry for each holder and object, written by triggers (`triggers.py`).

An entry has a new number at every change, and says which object changed; what it is now is looked up when it is told.
"""

import orjson
from sqlalchemy import BigInteger, Connection, Text, any_, exists, func, literal, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.db import prepared
from shared.db.advisory_locks import DELIVERY_LOCKS
from shared.references import owning
from shared.references.triggers import PUBLISHED
from shared.schema.models import Record

BATCH = 5000


def published(session: Session) -> dict[str, int]:
    """`{holder: first entry}` of what the transaction has put into the outbox so far."""
    statement = f"SELECT nullif(current_setting('{PUBLISHED}', true), '')"
    known = prepared.execute(session.connection(), "published", statement, ())[0][0]
    return orjson.loads(known) if known else {}


def waiting(connection: Connection, base: type[Record], followed: bool = False) -> list[str]:
    """The holders for which something is in the outbox; with `followed`, something that followed from a delivery."""
    outbox, readers = (base.metadata.tables[name] for name in ("reference_outbox", "reference_reader"))
    some = exists().where(outbox.c.service == readers.c.service, *([outbox.c.followed] if followed else []))
    return list(connection.scalars(select(readers.c.service).where(some)))


def read(session: Session, base: type[Record], holder: str) -> tuple[int, list[int], JsonObject]:
    """The number of a delivery, its entries and what it says. The lock makes it newer than those with lower numbers."""
    outbox, readers = (base.metadata.tables[name] for name in ("reference_outbox", "reference_reader"))
    session.execute(select(func.pg_advisory_xact_lock(DELIVERY_LOCKS, func.hashtext(holder))))
    newest = select(outbox.c.id, outbox.c.label, outbox.c.object_id).where(outbox.c.service == holder)
    entries = session.execute(newest.order_by(outbox.c.id.desc()).limit(BATCH)).all()
    if not entries:
        return 0, [], {}
    touched: dict[str, set[int]] = {}
    for entry in entries:
        if entry.label in base.models:
            touched.setdefault(entry.label, set()).add(entry.object_id)
    changed = {label: owning.summaries(session, base.models[label], ids) for label, ids in touched.items()}
    deleted = {label: sorted(touched[label] - {each["id"] for each in changed[label]}) for label in touched}
    content: JsonObject = {"changed": changed, "deleted": deleted, "incarnation": owning.incarnation(session, base)}
    acknowledged = session.scalar(select(readers.c.acknowledged).where(readers.c.service == holder))
    content["acknowledged"] = acknowledged or 0
    return owning.next_number(session), [entry.id for entry in entries], content


def acknowledge(session: Session, base: type[Record], holder: str, number: int, entries: list[int]) -> None:
    """Take out what has arrived; what is being changed again stays. Should that be lost, it is delivered once more."""
    session.execute(text("SET LOCAL synchronous_commit TO off"))
    readers = base.metadata.tables["reference_reader"]
    statement = postgresql.insert(readers).values(service=holder, acknowledged=number)
    highest = func.greatest(readers.c.acknowledged, statement.excluded.acknowledged)
    session.execute(statement.on_conflict_do_update(index_elements=["service"], set_={"acknowledged": highest}))
    outbox = base.metadata.tables["reference_outbox"]
    arrived = outbox.c.id == any_(owning.array(literal(owning.array_text(entries), Text), BigInteger))
    free = select(outbox.c.id).where(arrived).with_for_update(skip_locked=True)
    session.execute(outbox.delete().where(outbox.c.id.in_(free)))
