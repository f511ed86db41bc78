"""Auditing: a holder compares what it keeps with what its owners have, and mends its side and their claims.

A page of replicas whose digest is the owner's own costs one short call; only where they differ are rows compared.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.db.database import database
from shared.references import catching_up, client, facts, following, holding, invariants, memory, owning, replicas
from shared.schema import parsing
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record

PAGE = 1000
LATE_SECONDS = 5
SETTLE_SECONDS = 1

DANGLING = "dangling"
STALE = "stale"
UNCLAIMED = "unclaimed"
ORPHANED_REPLICA = "orphaned replica"
ORPHANED_CLAIM = "orphaned claim"
WRONG_CLAIM = "claimed on other terms"
UNDELIVERED = "undelivered"
RESTORED = "restored"
MISPLACED = "misplaced"


class Finding(NamedTuple):
    """What is wrong between a holder and an `owner`.

    `label` is the type and `id` the object; the id is 0 where it concerns no single one. Of a restored service, `label`
    is its name.
    """

    owner: str
    label: str
    id: int
    what: str


# --- the holder ----------------------------------------------------------------------------------------------------


def audit(base: type[Record], repair: bool) -> list[Finding]:
    """What is wrong with all that this service holds; after a `repair`, what is left. Raises ServiceDown."""
    found = _lasting(base)
    if repair and found:
        _mend(base, found)
        found = _lasting(base)
    _note(base, found)
    return sorted(found)


def _note(base: type[Record], found: set[Finding]) -> None:
    """Store the outcome, for the status page."""
    positions = base.metadata.tables["reference_position"]
    with database().transaction() as session:
        for owner in memory.owners(base):
            count = sum(each.owner == owner for each in found)
            outcome = {"audited": func.clock_timestamp(), "findings": count}
            session.execute(update(positions).where(positions.c.owner == owner).values(outcome))


def _restored(session: Session, base: type[Record]) -> dict[str, str]:
    """`{owner: "owner" or "holder"}`: where one of the two was found to be behind the other."""
    positions = base.metadata.tables["reference_position"]
    statement = select(positions.c.owner, positions.c.restored).where(positions.c.restored.is_not(None))
    return dict(session.execute(statement).all())


def _lasting(base: type[Record]) -> set[Finding]:
    """Findings of two comparisons, a moment apart: a change that was only under way is gone the second time."""
    found = _findings(base)
    if found:
        time.sleep(SETTLE_SECONDS)
        found &= _findings(base)
    return found


def _findings(base: type[Record]) -> set[Finding]:
    found: set[Finding] = set()
    held = {model.label for model in base.replicas()}
    for owner in memory.owners(base):
        following.keep_in_touch(base, owner)
        state = client.call(owner, "audits/state", {})
        found |= {Finding(owner, label, 0, UNDELIVERED) for label in state["undelivered"]}
        found |= {Finding(owner, label, 0, ORPHANED_CLAIM) for label in set(state["claimed"]) - held}
        catching_up.fetch(base)
        with database().reading() as connection:
            had = facts.had(connection, base)
        for target in base.replicas():
            if target.label in state["published"]:
                found |= _compare(target, had.get(target.label, []))
    with database().transaction() as session:
        behind = _restored(session, base).items()
        found |= {
            Finding(base.app, each.label, pk, MISPLACED)
            for each in invariants.declared()
            for pk in each.owners(session)
        }
        return found | {Finding(owner, owner if which == "owner" else base.app, 0, RESTORED) for owner, which in behind}


def _compare(target: type[Record], names: list[str]) -> set[Finding]:
    """The findings of one type, page by page, as far as the facts `names` go, which all replicas should have."""
    owner = CONTRACTS[target.label].owner
    found: set[Finding] = set()
    after: int = 0
    until: int | None = 0
    while until is not None:
        with database().transaction() as session:
            rows = replica_rows(session, target, after, names)
            lost = memory.lost(session, target, rows)
        until = max(rows) if len(rows) == PAGE else None
        page = {"label": target.label, "after": after, "until": until, "facts": names}
        kept = {pk: facts for pk, facts in rows.items() if pk not in lost}
        claims = dict.fromkeys(kept, bool(replicas.protecting(target)))
        theirs: JsonObject = {"objects": {}, "claims": {}}
        same = client.call(owner, "audits/digest", {**page, "digest": digest(kept, claims)})["same"]
        if not same:
            theirs = client.call(owner, "audits/rows", {**page, "ids": sorted(kept)})
        compared = rows if not same else {pk: rows[pk] for pk in lost}
        found |= {Finding(owner, target.label, pk, what) for pk, what in _differences(target, compared, lost, theirs)}
        after = until or after
    return found


def replica_rows(session: Session, target: type[Record], after: int, names: list[str]) -> dict[int, list[Any]]:
    """`{id: facts}` of the next page of replicas."""
    columns = [getattr(target, name) for name in names]
    statement = select(target.id, *columns).where(target.id > after).order_by(target.id).limit(PAGE)
    return {row[0]: list(row[1:]) for row in session.execute(statement)}


def _differences(
    target: type[Record], held: dict[int, list[Any]], lost: set[int], theirs: JsonObject
) -> Iterator[tuple[int, str]]:
    """Yields (id, what is wrong with it). What its owner has under the id of a lost object is another."""
    objects = {int(pk): facts for pk, facts in theirs["objects"].items() if int(pk) not in lost}
    claims = {int(pk): restricting for pk, restricting in theirs["claims"].items() if int(pk) not in lost}
    with database().transaction() as session:
        referred = replicas.referred(session, target, held.keys() - objects.keys())
    for pk in sorted(held.keys() | claims.keys()):
        if pk not in held:
            yield pk, ORPHANED_CLAIM
        elif pk not in objects:
            yield pk, DANGLING if pk in referred else ORPHANED_REPLICA
        elif pk not in claims:
            yield pk, UNCLAIMED
        elif orjson.dumps(objects[pk]) != orjson.dumps(held[pk]):
            yield pk, STALE
        elif claims[pk] != bool(replicas.protecting(target)):
            yield pk, WRONG_CLAIM


def _mend(base: type[Record], found: set[Finding]) -> None:
    """Claim again what differs, drop what nothing refers to, and go on from where a restored service is now.

    What is lost stays as it is, whatever its owner has under its id.
    """
    for target in base.replicas():
        mine = sorted({each.id for each in found if each.label == target.label and each.id})
        for start in range(0, len(mine), PAGE):
            _mend_page(target, set(mine[start : start + PAGE]))
    invariants.mend()
    for finding in found:
        if finding.what == RESTORED:
            _start_over(base, finding.owner)
        elif finding.what == ORPHANED_CLAIM and not finding.id:
            client.call(finding.owner, "audits/disclaim", {"label": finding.label})


def _mend_page(target: type[Record], ids: set[int]) -> None:
    holding.claim(target, ids)
    owner = CONTRACTS[target.label].owner
    asked = {"label": target.label, "after": 0, "until": 0, "ids": sorted(ids), "facts": []}
    existing = client.call(owner, "audits/rows", asked)
    gone = ids - {int(pk) for pk in existing["objects"]}
    with database().transaction() as session:
        dropped = gone - replicas.referred(session, target, gone)
        memory.drop_lost(session, target, dropped)
        session.execute(delete(target).where(owning.among(target.id, dropped)))


def _start_over(base: type[Record], owner: str) -> None:
    """Forget what was noted of a lost past: the audit has dealt with it."""
    positions = base.metadata.tables["reference_position"]
    client.call(owner, "audits/reset", {})
    with database().transaction() as session:
        session.execute(update(positions).where(positions.c.owner == owner).values(restored=None))


# --- the owner -----------------------------------------------------------------------------------------------------


def digest(rows: dict[int, list[Any]], claims: dict[int, bool]) -> str:
    """One text for the facts of `rows` and the terms on which they are claimed."""
    content = [[pk, rows.get(pk), claims.get(pk)] for pk in sorted(rows.keys() | claims.keys())]
    return hashlib.sha256(orjson.dumps(content)).hexdigest()


def state(session: Session, base: type[Record], service: str) -> JsonObject:
    """The labels that this service publishes, those that `service` has claimed, and those it fetches too late."""
    claims, outbox = (base.metadata.tables[name] for name in ("reference_claim", "reference_outbox"))
    age = func.extract("epoch", func.clock_timestamp() - outbox.c.created)
    late = select(outbox.c.label).where(outbox.c.service == service, age > LATE_SECONDS).distinct()
    claimed = select(claims.c.label).where(claims.c.service == service).distinct()
    return {
        "published": [model.label for model in base.models.values() if not model.replica],
        "claimed": list(session.scalars(claimed)),
        "undelivered": list(session.scalars(late)),
    }


def claimed_rows(
    session: Session, model: type[Record], service: str, asked: JsonObject
) -> tuple[dict[int, list[Any]], dict[int, bool]]:
    """What `service` has claimed in (after, until]: `{id: facts}` of what exists, `{id: restricting}` of all."""
    after, until = asked["after"], asked["until"]
    table = model.metadata.tables["reference_claim"]
    mine = [table.c.service == service, table.c.label == model.label, table.c.object_id > after]
    if until is not None:
        mine.append(table.c.object_id <= until)
    claims = dict(session.execute(select(table.c.object_id, table.c.restricting).where(*mine)).all())
    if CONTRACTS[model.label].complete:
        last = parsing.MAX_INTEGER if until is None else until
        claims |= dict.fromkeys(session.scalars(select(model.id).where(model.id.between(after + 1, last))), False)
    return fact_rows(session, model, claims.keys(), asked["facts"]), claims


def fact_rows(session: Session, model: type[Record], ids: Iterable[int], names: list[str]) -> dict[int, list[Any]]:
    """`{id: facts}`, those of `names` that are published, in their order."""
    rows = owning.summaries(session, model, sorted(ids), names)
    return {row["id"]: [row[name] for name in names if name in row] for row in rows}
