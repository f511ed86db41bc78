"""What services ask each other, all below `/internal/<app>/`; only a signed service is answered."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.db.database import database
from shared.http import errors, request_body, responses
from shared.http.context import context
from shared.http.errors import Forbidden, ServiceUnavailable
from shared.references import (
    auditing,
    client,
    delivering,
    finding,
    following,
    history,
    naming,
    owning,
    past,
    progress,
    recovering,
    releasing,
)
from shared.references.lookups import Answer
from shared.schema.models import Record
from shared.security import replay_protection
from shared.security.authorization import caller


def blueprint(base: type[Record], answers: Mapping[str, Answer], permissions: list[str]) -> Blueprint:
    """The internal routes; `answers` maps questions that others may look up to `answer(connection, ids)`.

    `permissions` are all that this service asks for.
    """
    internal = Blueprint("internal", __name__, url_prefix=f"/internal/{base.app}")

    @internal.errorhandler(client.ServiceDown)
    def down(error: client.ServiceDown) -> Response:
        return errors.refusal(ServiceUnavailable(str(error)))

    @internal.before_request
    def services_only() -> None:
        if not caller().service:
            raise Forbidden("Only services may ask this.")

    @internal.post("/claims")
    def claims() -> Response:
        asked, service = request_body.body(), caller().service
        target = owning.published(base, asked["label"])

        def answer(session: Session) -> JsonObject:
            answered = owning.answer_claim(session, target, service, asked)
            return answered | {"found": finding.find(session, target, asked.get("sought", ()))}

        return responses.json_response(database().run(answer))

    @internal.post("/changes")
    def changes() -> Response:
        replay_protection.exempt()
        return responses.json_response(following.receive(base, caller().service, request_body.body()))

    @internal.post("/releases")
    def releases() -> Response:
        wanted = request_body.body()
        dependents = database().run(lambda session: releasing.release(session, base, wanted))
        return responses.json_response({"dependents": dependents})

    @internal.post("/permissions")
    def permission_names() -> Response:
        return responses.json_response({"permissions": permissions})

    @internal.post("/lookups")
    def look_up() -> Response:
        asked = request_body.body()
        context().base_url = asked["base_url"]
        with database().reading() as connection:
            found = answers[asked["question"]](connection, asked["ids"])
        return responses.json_response({str(pk): more for pk, more in found.items()})

    @internal.post("/hand-over")
    def hand_over() -> Response:
        """Have extras know all that has been changed here until now, and others what follows from it for them."""
        degraded = delivering.deliver_all(base)
        history.adopt(base)
        history.hand_over(base)
        return responses.json_response({"degraded": sorted(degraded)})

    @internal.post("/natural-keys")
    def natural_keys() -> Response:
        with Session(database().engine) as session:
            return responses.json_response(naming.answer(session, base, caller().service, request_body.body()))

    @internal.post("/progress")
    def tell_progress() -> Response:
        with database().transaction() as session:
            return responses.json_response(progress.report(session, base))

    _serve_pasts(internal, base)
    _serve_audits(internal, base)
    return internal


def _serve_pasts(internal: Blueprint, base: type[Record]) -> None:
    """How two services find out which of them has lost something, and that one is gone for good."""
    readers = base.metadata.tables["reference_reader"]

    @internal.post("/positions")
    def positions() -> Response:
        replay_protection.exempt()
        asked, holder = request_body.body(), caller().service
        past.compare(base, holder, asked["position"], asked["incarnation"])
        delivering.deliver_waiting_for(base, holder)
        with database().reading() as connection:
            acknowledged = connection.scalar(select(readers.c.acknowledged).where(readers.c.service == holder))
        known = [base.models[label] for label in asked["facts"] if label in base.models]
        published = {model.label: owning.published_facts(model) for model in known}
        answer = {"known": acknowledged is not None, "acknowledged": acknowledged or 0, "published": published}
        return responses.json_response(answer)

    @internal.post("/memories")
    def memories() -> Response:
        with database().transaction() as session:
            return responses.json_response(recovering.remembered(session, base, caller().service))

    @internal.post("/recoveries")
    def recoveries() -> Response:
        return responses.json_response(recovering.recover(base, caller().service, request_body.body()))

    @internal.post("/retirements")
    def retirements() -> Response:
        holder = request_body.body()["holder"]
        if caller().service != base.app:
            raise Forbidden("Only the operator may say that a service is gone.")
        owning.retire(base, holder)
        return responses.json_response({})


def _serve_audits(internal: Blueprint, base: type[Record]) -> None:
    """`audits` is asked of a holder by `patchbay audit`; what is below it, by the holder of its owners."""

    @internal.post("/audits")
    def audits() -> Response:
        found = auditing.audit(base, request_body.body()["repair"])
        return responses.json_response({"findings": [list(each) for each in found]})

    @internal.post("/audits/state")
    def state() -> Response:
        with database().transaction() as session:
            return responses.json_response(auditing.state(session, base, caller().service))

    @internal.post("/audits/digest")
    def compare() -> Response:
        asked = request_body.body()
        with database().transaction() as session:
            rows, claims = _claimed(session, base, asked)
        return responses.json_response({"same": auditing.digest(rows, claims) == asked["digest"]})

    @internal.post("/audits/rows")
    def rows() -> Response:
        asked = request_body.body()
        with database().transaction() as session:
            rows, claims = _claimed(session, base, asked)
            model = owning.published(base, asked["label"])
            objects = rows | auditing.fact_rows(session, model, asked["ids"], asked["facts"])
        return responses.json_response({"objects": _by_text(objects), "claims": _by_text(claims)})

    @internal.post("/audits/reset")
    def reset() -> Response:
        with database().transaction() as session:
            owning.expect_nothing(session, base, caller().service)
        return responses.json_response({})

    @internal.post("/audits/disclaim")
    def disclaim() -> Response:
        with database().transaction() as session:
            owning.forget(session, base, caller().service, request_body.body()["label"])
        return responses.json_response({})


def _claimed(session: Session, base: type[Record], asked: JsonObject) -> tuple[dict[int, list[Any]], dict[int, bool]]:
    model = owning.published(base, asked["label"])
    return auditing.claimed_rows(session, model, caller().service, asked)


def _by_text(rows: Mapping[int, Any]) -> JsonObject:
    return {str(pk): value for pk, value in rows.items()}
