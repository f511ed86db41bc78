"""How the services are: whether each answers, how far it is behind the others, and what the audit found."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from functools import partial
from importlib.metadata import version

import orjson
from flask import current_app

from gateway.body import Body
from gateway.errors import GatewayError
from gateway.request import Request
from gateway.upstreams import Upstreams
from shared import JsonObject
from shared.config import APPS, SERVICES
from shared.http import budget
from shared.security.identity import Identity
from shared.telemetry.origin import carried

RELEASE_SECONDS = 1.5  # how long a client waits for what a service says of itself
LIBRARIES = ("Flask", "SQLAlchemy", "gunicorn", "marshmallow", "psycopg2-binary")


@dataclass(frozen=True)
class Status:
    """One service: `problem` is empty when it is up; `progress` is what it tells of itself and its neighbours."""

    app: str
    problem: str
    progress: JsonObject

    @property
    def versions(self) -> dict[str, str]:
        found: dict[str, str] = self.progress.get("versions", {})
        return found


@dataclass(frozen=True)
class Feed:
    """What flows from an `owner` to a `holder` of references to its objects; ages are in seconds, None is not known.

    `changes` were not fetched yet, the `oldest` of them so long ago; the holder `fetched` last so long ago. `audited`
    is when the last audit ended, with so many `findings`; `restored` says which of the two is behind the other.
    What was told of so many objects could not be applied and was `set_aside`; `fetching` are new facts, by type, and
    for how many objects they are `left` to be fetched.
    """

    owner: str
    holder: str
    changes: int | None = None
    oldest: float | None = None
    fetched: float | None = None
    audited: str | None = None
    findings: int | None = None
    restored: str | None = None
    set_aside: int | None = None
    fetching: JsonObject = field(default_factory=dict)


def statuses() -> list[Status]:
    """Every service, asked at once."""
    upstreams = current_app.extensions["patchbay.upstreams"]
    with ThreadPoolExecutor(len(APPS)) as pool:
        return list(pool.map(carried(partial(_status, upstreams)), APPS))


def releases() -> dict[str, str | None]:
    """The release of every service; None for one that does not say so soon."""
    upstreams = current_app.extensions["patchbay.upstreams"]

    def release(app: str) -> str | None:
        with budget.limited(RELEASE_SECONDS):
            return _status(upstreams, app).versions.get("patchbay")

    with ThreadPoolExecutor(len(APPS)) as pool:
        return dict(zip(APPS, pool.map(carried(release), APPS), strict=True))


def feeds(statuses: list[Status]) -> list[Feed]:
    """Every pair of owner and holder that one of them reports; an owner that is up and reports none has no changes."""
    up = {each.app for each in statuses if not each.problem}
    known: dict[tuple[str, str], JsonObject] = {}
    for each in statuses:
        for owner, facts in each.progress.get("owners", {}).items():
            known.setdefault((owner, each.app), {}).update(facts)
        for holder, facts in each.progress.get("holders", {}).items():
            known.setdefault((each.app, holder), {}).update(facts)
    names = {each.name for each in fields(Feed)}  # of what a newer release tells, those that are known here
    told = {pair: {"changes": 0 if pair[0] in up else None, **known[pair]} for pair in sorted(known)}
    return [Feed(*pair, **{name: facts[name] for name in facts.keys() & names}) for pair, facts in told.items()]


def libraries() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}


def audits() -> list[tuple[str, str, str, int | None]]:
    """(service, what is wrong, type, id): what every service found that does not agree with the owners of objects."""
    upstreams = current_app.extensions["patchbay.upstreams"]

    def audit(app: str) -> JsonObject:
        return _internal(upstreams, app, "audits", {"repair": False})

    with ThreadPoolExecutor(len(SERVICES)) as pool:
        answers = dict(zip(SERVICES, pool.map(carried(audit), SERVICES), strict=True))
    return [
        (app, what, label, pk)
        for app, answer in answers.items()
        for _, label, pk, what in answer.get("findings", [["", "", None, answer.get("detail", "does not answer")]])
    ]


def _status(upstreams: Upstreams, app: str) -> Status:
    told = _internal(upstreams, app, "progress", {})
    problem = "" if "versions" in told else told.get("detail", "is not ready")
    return Status(app, problem, {} if problem else told)


def _internal(upstreams: Upstreams, app: str, operation: str, data: JsonObject) -> JsonObject:
    """The answer of a service that it gives only to services; it is asked in its own name, as the launcher does."""
    return _call(upstreams, app, "POST", f"/internal/{app}/{operation}", orjson.dumps(data))


def _call(upstreams: Upstreams, app: str, method: str, path: str, body: bytes = b"") -> JsonObject:
    asked = Request(method, path, "", "gateway", "http", {"X-Forwarded-For": "127.0.0.1"})
    if body:
        asked.headers["Content-Type"] = "application/json"
        asked.body = Body.of(body)
    try:
        reply = upstreams.send(asked, app, Identity(service=app))
        answer: JsonObject = orjson.loads(b"".join(reply.body))
        return answer
    except GatewayError as refused:
        return {"detail": refused.detail}
    except orjson.JSONDecodeError:
        return {"detail": "answers what is no JSON"}
