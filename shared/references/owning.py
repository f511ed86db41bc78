"""The owner's side: answers claims, keeps the outbox, and hands it to the holders."""

import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, column, delete, func, insert, literal, select, text, true, values
from sqlalchemy import Integer as SqlInteger
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, aliased

from shared import JsonObject
from shared.db.advisory_locks import AdvisoryLock
from shared.db.database import database
from shared.references import client
from shared.references.single_flight import SingleFlight
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record

ALL = 0
BATCH = 500
# Long enough for a holder on a machine that is busy with other things; one that hangs costs a writer this once.
NUDGE_SECONDS = 3
NUDGE_AGAIN_SECONDS = 10

_flights: dict[tuple[str, str], SingleFlight] = defaultdict(SingleFlight)
_silent_until: dict[tuple[str, str], float] = {}


def answer_claim(
    session: Session, model: type[Record], service: str, ids: list[int], restricting: bool
) -> list[JsonObject]:
    """Record that `service` refers to those of `ids` that exist, and return their summaries.

    The row locks make a concurrent change either visible here or publish to this new claim; the shared lock does the
    same for changes of other rows that ripple into the summary. Claims of what does not exist are dropped. The id 0
    claims every object, those to come too.
    """
    claims = model.metadata.tables["reference_claim"]
    session.execute(AdvisoryLock.DEPENDENT_FACTS.shared())
    if ALL in ids:
        session.execute(text(f"LOCK TABLE {model.__tablename__} IN SHARE MODE"))
    wanted = true() if ALL in ids else model.id.in_(ids)
    locked = select(model.id).where(wanted).order_by(model.id).with_for_update(read=True)
    found = list(session.scalars(locked))
    claimed = [ALL] if ALL in ids else found
    if claimed:
        statement = postgresql.insert(claims).values(
            [{"service": service, "label": model.label, "object_id": pk, "restricting": restricting} for pk in claimed]
        )
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["service", "label", "object_id"], set_={"restricting": restricting}
            )
        )
    mine = (claims.c.service == service, claims.c.label == model.label)
    session.execute(delete(claims).where(*mine, claims.c.object_id.in_(set(ids) - {ALL} - set(found))))
    return summaries(session, model, found)


def summaries(session: Session, model: type[Record], ids: list[int]) -> list[JsonObject]:
    """What others may know of the objects `ids`: id and the facts of the contract."""
    entity = aliased(model)
    facts = [fact_sql(model, entity, name).label(name) for name in CONTRACTS[model.label].facts]
    rows = session.execute(select(entity.id, *facts).where(entity.id.in_(ids)).order_by(entity.id))
    return [dict(row._mapping) for row in rows]


def fact_sql(model: type[Record], entity: type[Record], name: str) -> ColumnElement[Any]:
    attribute = model.attributes.get(name)
    return attribute.expression(entity) if attribute and attribute.expression else getattr(entity, name)


def feed(
    session: Session, base: type[Record], service: str, position: int, acknowledged: list[int], complete: list[str]
) -> JsonObject:
    """Drop the entries that `service` has applied, and return the next ones: what changed, as it is now.

    `position` is the highest entry that the holder has seen, `complete` the types it keeps wholly. `restored` says
    which of the two is behind what the other remembers ("owner" or "holder"), as after a return to a backup.
    """
    outbox = base.metadata.tables["reference_outbox"]
    _silent_until.pop((base.app, service), None)
    restored = _restored(session, base, service, position)
    for label in complete:
        _subscribe(session, base, service, label)
    if acknowledged:
        session.execute(delete(outbox).where(outbox.c.service == service, outbox.c.id.in_(acknowledged)))
        _remember(session, base, service, max(acknowledged))
    entries = session.execute(
        select(outbox.c.id, outbox.c.label, outbox.c.object_id)
        .where(outbox.c.service == service)
        .order_by(outbox.c.id)
        .limit(BATCH)
    ).all()
    touched: dict[str, set[int]] = {}
    for entry in entries:
        touched.setdefault(entry.label, set()).add(entry.object_id)
    changed = {label: summaries(session, base.model_of(label), sorted(ids)) for label, ids in touched.items()}
    deleted = {label: sorted(touched[label] - {each["id"] for each in changed[label]}) for label in touched}
    return {"entries": [entry.id for entry in entries], "changed": changed, "deleted": deleted, "restored": restored}


def _subscribe(session: Session, base: type[Record], service: str, label: str) -> None:
    """Claim every object of the type, once, and put all there are into the outbox.

    The lock waits for those who write the type just now, whose triggers do not see the claim yet.
    """
    claims, outbox = (base.metadata.tables[name] for name in ("reference_claim", "reference_outbox"))
    mine = {"service": service, "label": label, "object_id": 0}
    known = select(claims.c.object_id).filter_by(**mine)
    if label not in base.models or session.scalar(known) is not None:
        return
    model = base.models[label]
    session.execute(text(f"LOCK TABLE {model.__tablename__} IN SHARE MODE"))
    statement = postgresql.insert(claims).values(**mine, restricting=False).on_conflict_do_nothing()
    if session.scalar(statement.returning(claims.c.object_id)) is not None:
        entries = select(literal(service), literal(label), model.id)
        session.execute(insert(outbox).from_select(["service", "label", "object_id"], entries))


def last_entry(session: Session) -> int:
    """The highest number that an entry of the outbox ever had, committed or not."""
    last: int = session.scalars(text("SELECT last_value FROM reference_outbox_id_seq")).one()
    return last


def _restored(session: Session, base: type[Record], service: str, position: int) -> str | None:
    readers = base.metadata.tables["reference_reader"]
    remembered = session.scalar(select(readers.c.acknowledged).where(readers.c.service == service)) or 0
    if position > last_entry(session):
        return "owner"
    return "holder" if position < remembered else None


def _remember(session: Session, base: type[Record], service: str, acknowledged: int) -> None:
    readers = base.metadata.tables["reference_reader"]
    statement = postgresql.insert(readers).values(service=service, acknowledged=acknowledged)
    highest = func.greatest(readers.c.acknowledged, statement.excluded.acknowledged)
    session.execute(statement.on_conflict_do_update(index_elements=["service"], set_={"acknowledged": highest}))


def forget_reader(session: Session, base: type[Record], service: str) -> int:
    """Start over with a holder after one of the two was restored: the position from which it goes on."""
    readers = base.metadata.tables["reference_reader"]
    session.execute(delete(readers).where(readers.c.service == service))
    return last_entry(session)


def notify(base: type[Record]) -> None:
    """After a commit: have the holders apply what is in the outbox for them, so that readers see it everywhere.

    A holder that does not answer in time catches up by itself, and is not waited for again until it does or some time
    has passed.
    """
    outbox = base.metadata.tables["reference_outbox"]
    with database().reading() as connection:
        services = list(connection.scalars(select(outbox.c.service).distinct()))
    now = time.monotonic()
    _in_parallel(
        lambda service: _notify_one(base.app, service),
        [each for each in services if _silent_until.get((base.app, each), 0) <= now],
    )


def _in_parallel(work: Callable[[str], None], items: list[str]) -> None:
    """Do `work(item)` for each of `items`: the first in this thread, each other in one of its own."""
    if len(items) <= 1:
        for each in items:
            work(each)
        return
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the application behind the proxy

    def in_context(item: str) -> None:
        with app.app_context():
            work(item)

    with ThreadPoolExecutor(max_workers=len(items) - 1) as pool:
        others = pool.map(in_context, items[1:])
        work(items[0])
        list(others)


def _notify_one(app: str, service: str) -> None:
    try:
        _flights[app, service].do(lambda: client.call(service, "nudges", {"owner": app}, NUDGE_SECONDS))
    except client.ServiceDown:
        _silent_until[app, service] = time.monotonic() + NUDGE_AGAIN_SECONDS


def restricting_claims(
    session: Session, base: type[Record], rows: dict[str, set[int]]
) -> dict[str, dict[str, list[int]]]:
    """`{service: {label: ids}}`: who must agree before the `rows` (`{label: ids}`) can go."""
    claims = base.metadata.tables["reference_claim"]
    asked: dict[str, dict[str, list[int]]] = {}
    for label, ids in rows.items():
        wanted = values(column("id", SqlInteger), name="gone").data([(pk,) for pk in ids])
        statement = select(claims.c.service, claims.c.object_id).where(
            claims.c.label == label, claims.c.restricting, claims.c.object_id.in_(select(wanted.c.id))
        )
        for service, pk in session.execute(statement.order_by(claims.c.object_id)):
            asked.setdefault(service, {}).setdefault(label, []).append(pk)
    return asked
