"""The owner's side: who holds what, and what the holders may know of it."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    any_,
    bindparam,
    cast,
    column,
    delete,
    func,
    literal,
    select,
    text,
    true,
    update,
    values,
)
from sqlalchemy import Integer as SqlInteger
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, aliased

from shared import JsonObject
from shared.db.advisory_locks import AdvisoryLock
from shared.db.database import database
from shared.http.errors import BadRequest, Conflict, Forbidden
from shared.references import client
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record

ALL = 0


def published(base: type[Record], label: str) -> type[Record]:
    """The model of a type that this service lets others know of. Raises BadRequest."""
    model = base.models.get(label)
    if model is None or model.replica or label not in CONTRACTS:
        raise BadRequest(f"{base.app} publishes no such type.")
    return model


def answer_claim(session: Session, model: type[Record], service: str, asked: JsonObject) -> JsonObject:
    """Record that `service` refers to those of the `ids` that exist: `{"objects", "published", "position",
    "incarnation"}`, those of the `facts` of each that are published, which these are, when, and in which database.

    The row locks make a concurrent change either visible here or publish to this new claim; the shared lock does the
    same for changes of other rows on which these facts depend. Claims of what does not exist are dropped. The id 0
    claims every object, those to come too. Raises Forbidden for a type that its contract does not give to `service`.
    """
    if service not in CONTRACTS[model.label].holders:
        raise Forbidden(f"The contract of {model.label} does not give it to {service}.")
    ids = asked["ids"]
    session.execute(AdvisoryLock.DEPENDENT_FACTS.shared())
    if ALL in ids:
        session.execute(text(f"LOCK TABLE {model.__tablename__} IN SHARE MODE"))
    wanted = true() if ALL in ids else among(model.id, ids)
    locked = select(model.id).where(wanted).order_by(model.id).with_for_update(read=True)
    found = list(session.scalars(locked))
    _record(session, model, service, [ALL] if ALL in ids else found, asked["restricting"])
    claims = model.metadata.tables["reference_claim"]
    absent = set(ids) - {ALL} - set(found)
    mine = (claims.c.service == service, claims.c.label == model.label)
    session.execute(delete(claims).where(*mine, among(claims.c.object_id, absent)))
    return {
        "objects": summaries(session, model, found, asked["facts"]),
        "published": published_facts(model),
        "position": next_number(session),
        "incarnation": incarnation(session, model.base),
    }


def _record(session: Session, model: type[Record], service: str, ids: list[int], restricting: bool) -> None:
    claims, readers = (model.metadata.tables[name] for name in ("reference_claim", "reference_reader"))
    if not ids:
        return
    reader = postgresql.insert(readers).values(service=service, acknowledged=0)
    session.execute(reader.on_conflict_do_nothing())
    claimed = func.unnest(array(literal(array_text(ids), Text)))
    rows = select(literal(service), literal(model.label), claimed, literal(restricting))
    statement = postgresql.insert(claims).from_select(["service", "label", "object_id", "restricting"], rows)
    same = ["service", "label", "object_id"]
    session.execute(statement.on_conflict_do_update(index_elements=same, set_={"restricting": restricting}))


def among(key: Any, ids: Iterable[int]) -> ColumnElement[bool]:
    """Whether `key` is one of `ids`, which may be many: they are one value of the statement."""
    found: ColumnElement[bool] = key == any_(array(literal(array_text(sorted(ids)), Text)))
    return found


def array(ids: ColumnElement[str], of: type[SqlInteger] = SqlInteger) -> ColumnElement[Any]:
    """The array that `array_text` wrote: one constant, where a list would be an expression for each of its items."""
    return cast(ids, postgresql.ARRAY(of))


def array_text(ids: Iterable[int]) -> str:
    return "{" + ",".join(map(str, ids)) + "}"


def next_number(session: Session) -> int:
    """A number above all that were given out before: of an entry, a delivery, an answered claim.

    A sequence is logged some values ahead, by whoever happens to be there first, and a crash forgets what is not on
    disk: the message makes our own commit wait for the log, so that no number that a holder has seen is given again.
    The lock is for who has to know which numbers are out (past.py). Whether it is taken before the number or after it
    makes no difference: nobody is told the number before the commit.
    """
    numbered = (
        "SELECT nextval('reference_outbox_id_seq'), pg_logical_emit_message(true, 'patchbay', ''),"
        " pg_advisory_xact_lock_shared(:lock)"
    )
    number: int = session.execute(text(numbered), {"lock": int(AdvisoryLock.REFERENCE_NUMBERS)}).scalar_one()
    return number


def incarnation(session: Session, base: type[Record]) -> str:
    """Which database this is."""
    return str(session.scalar(select(base.metadata.tables["reference_incarnation"].c.id)))


def summaries(
    session: Session, model: type[Record], ids: Iterable[int], asked: Collection[str] | None = None
) -> list[JsonObject]:
    """What others may know of the objects `ids`: id and the facts of the contract, of these those that are `asked`."""
    rows = session.execute(_facts(model, *published_facts(model, asked)), {"ids": array_text(ids)})
    names = tuple(rows.keys())
    return [dict(zip(names, row, strict=True)) for row in rows]


@lru_cache(maxsize=200)
def _facts(model: type[Record], *names: str) -> Select[*tuple[Any, ...]]:
    """The statement of `summaries`, which takes longer to make than to run."""
    entity = aliased(model)
    facts = [fact_sql(model, entity, name).label(name) for name in names]
    wanted = entity.id == any_(array(bindparam("ids", type_=Text)))
    return select(entity.id, *facts).where(wanted).order_by(entity.id)


def published_facts(model: type[Record], asked: Collection[str] | None = None) -> list[str]:
    """The facts of the contract, of these those that are `asked`."""
    return [name for name in CONTRACTS[model.label].facts if asked is None or name in asked]


def fact_sql(model: type[Record], entity: type[Record], name: str) -> ColumnElement[Any]:
    attribute = model.attributes.get(name)
    return attribute.expression(entity) if attribute and attribute.expression else getattr(entity, name)


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


def holders(base: type[Record]) -> list[str]:
    """The services that may hold objects of this one."""
    return sorted({holder for each in CONTRACTS.values() if each.owner == base.app for holder in each.holders})


def forget(session: Session, base: type[Record], service: str, label: str) -> None:
    """Let go of what `service` has claimed of a type: it is told of that no more."""
    for table in (base.metadata.tables[name] for name in ("reference_claim", "reference_outbox")):
        session.execute(delete(table).where(table.c.service == service, table.c.label == label))


def expect_nothing(session: Session, base: type[Record], service: str) -> None:
    """Forget how far `service` was: it begins where it is now."""
    readers = base.metadata.tables["reference_reader"]
    session.execute(update(readers).where(readers.c.service == service).values(acknowledged=0))


def retire(base: type[Record], service: str) -> None:
    """Let go of a holder that is gone for good: nothing is kept for it, and no delete asks it. Raises Conflict.

    Should it come back, it claims anew.
    """
    try:
        client.call(service, "memories", {})
    except client.ServiceDown:
        pass
    else:
        raise Conflict(f"The {service} service answers: stop it first.")
    tables = [base.metadata.tables[name] for name in ("reference_reader", "reference_claim", "reference_outbox")]
    database().run(lambda session: [session.execute(delete(each).where(each.c.service == service)) for each in tables])
