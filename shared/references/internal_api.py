"""What services ask each other, all below `/internal/<app>/`; only a signed service is answered."""

from collections.abc import Mapping
from typing import Any, NoReturn

from flask import Blueprint, Response, g
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.db.database import database
from shared.http import request_body, responses
from shared.http.errors import Forbidden, ServiceUnavailable
from shared.references import auditing, client, following, owning, progress, releasing
from shared.references.lookups import Answer
from shared.schema.models import Record
from shared.security import replay_protection


def blueprint(base: type[Record], answers: Mapping[str, Answer], permissions: list[str]) -> Blueprint:
    """The internal routes; `answers` maps questions that others may look up to `answer(connection, ids)`.

    `permissions` are all that this service asks for.
    """
    internal = Blueprint("internal", __name__, url_prefix=f"/internal/{base.app}")

    @internal.errorhandler(client.ServiceDown)
    def down(error: client.ServiceDown) -> NoReturn:
        raise ServiceUnavailable(str(error))

    @internal.before_request
    def services_only() -> None:
        if not g.identity.service:
            raise Forbidden("Only services may ask this.")

    @internal.post("/claims")
    def claims() -> Response:
        asked, service = request_body.body(), g.identity.service
        target = base.model_of(asked["label"])
        objects = database().run(
            lambda session: owning.answer_claim(session, target, service, asked["ids"], asked["restricting"])
        )
        return responses.json_response({"objects": objects})

    @internal.post("/feed")
    def feed() -> Response:
        replay_protection.exempt()
        asked, service = request_body.body(), g.identity.service
        return responses.json_response(database().run(lambda session: owning.feed(session, base, service, **asked)))

    @internal.post("/nudges")
    def nudges() -> Response:
        following.pull(base, request_body.body()["owner"])
        return responses.json_response({})

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
        g.base_url = asked["base_url"]
        with database().reading() as connection:
            found = answers[asked["question"]](connection, asked["ids"])
        return responses.json_response({str(pk): more for pk, more in found.items()})

    @internal.post("/progress")
    def tell_progress() -> Response:
        with database().transaction() as session:
            return responses.json_response(progress.report(session, base))

    _serve_audits(internal, base)
    return internal


def _serve_audits(internal: Blueprint, base: type[Record]) -> None:
    """`audits` is asked of a holder by `patchbay audit`; what is below it, by the holder of its owners."""

    @internal.post("/audits")
    def audits() -> Response:
        found = auditing.audit(base, request_body.body()["repair"])
        return responses.json_response({"findings": [list(each) for each in found]})

    @internal.post("/audits/state")
    def state() -> Response:
        with database().transaction() as session:
            return responses.json_response(auditing.state(session, base, g.identity.service))

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
            objects = rows | auditing.fact_rows(session, base.model_of(asked["label"]), asked["ids"])
        return responses.json_response({"objects": _by_text(objects), "claims": _by_text(claims)})

    @internal.post("/audits/reset")
    def reset() -> Response:
        with database().transaction() as session:
            position = owning.forget_reader(session, base, g.identity.service)
        return responses.json_response({"position": position})


def _claimed(session: Session, base: type[Record], asked: JsonObject) -> tuple[dict[int, list[Any]], dict[int, bool]]:
    model = base.model_of(asked["label"])
    return auditing.claimed_rows(session, model, g.identity.service, asked["after"], asked["until"])


def _by_text(rows: Mapping[int, Any]) -> JsonObject:
    return {str(pk): value for pk, value in rows.items()}
