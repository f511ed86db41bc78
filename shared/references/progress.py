"""Progress: how far a service is behind its owners, and how far its holders are behind it."""

from typing import Any

from sqlalchemy import ColumnElement, Float, cast, func, outerjoin, select, text, union
from sqlalchemy.orm import Session

from shared import VERSION, JsonObject
from shared.config import version_of
from shared.db.prepared import AnySelect
from shared.references import facts
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record


def report(session: Session, base: type[Record]) -> JsonObject:
    """What this service tells of itself; times are in ISO 8601, ages in seconds."""
    return {
        "versions": _versions(session, base),
        "owners": _with_facts(session, base, _by_service(session, _positions(base))),
        "holders": _by_service(session, _waiting(base)),
    }


def _with_facts(session: Session, base: type[Record], owners: dict[str, JsonObject]) -> dict[str, JsonObject]:
    """Of every owner: how many objects are set aside, and for how many replicas which new facts are yet to come."""
    aside = base.metadata.tables["reference_set_aside"]
    counts = select(aside.c.label, func.count()).group_by(aside.c.label)
    for known in owners.values():
        known |= {"set_aside": 0, "fetching": {}}
    for label, count in session.execute(counts):
        owners[label.split(".")[0]]["set_aside"] += count
    for each in facts.to_fetch(session.connection(), base):
        model = base.model_of(each.label)
        left = session.scalar(select(func.count()).where(model.id > each.after))
        owners[CONTRACTS[each.label].owner]["fetching"][each.label] = {"facts": each.names, "left": left}
    return owners


def _by_service(session: Session, statement: AnySelect) -> dict[str, JsonObject]:
    """The rows of `statement`, by their first column."""
    rows = session.execute(statement)
    _, *names = map(str, rows.keys())
    return {service: dict(zip(names, values, strict=True)) for service, *values in rows}


def _versions(session: Session, base: type[Record]) -> dict[str, str]:
    return {
        "patchbay": version_of(base.app),
        "shared": VERSION,
        "schema": session.scalar(text("SELECT version_num FROM alembic_version")),
        "postgresql": session.scalar(text("SHOW server_version")),
    }


def _positions(base: type[Record]) -> AnySelect:
    """Of every owner: the age of what was fetched last, what the last audit found and when, and which was restored."""
    table = base.metadata.tables["reference_position"]
    fetched = _age(table.c.pulled).label("fetched")
    return select(table.c.owner, fetched, table.c.audited, table.c.findings, table.c.restored)


def _waiting(base: type[Record]) -> AnySelect:
    """Of every holder: how many changes it has not fetched yet, and the age of the oldest."""
    outbox, readers = (base.metadata.tables[name] for name in ("reference_outbox", "reference_reader"))
    known = union(select(readers.c.service), select(outbox.c.service)).subquery()
    joined = outerjoin(known, outbox, known.c.service == outbox.c.service)
    changes, oldest = func.count(outbox.c.id).label("changes"), _age(func.min(outbox.c.created)).label("oldest")
    return select(known.c.service, changes, oldest).select_from(joined).group_by(known.c.service)


def _age(moment: ColumnElement[Any]) -> ColumnElement[float]:
    return cast(func.extract("epoch", func.clock_timestamp() - moment), Float)
