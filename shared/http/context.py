"""What is known of the request that is being answered: the one place where something is kept on `flask.g`.

It is for what any step of a request may need and no step decides. The result of a call is returned, not kept here.
"""

from dataclasses import dataclass, field
from typing import TypeVar

from flask import g

Kind = TypeVar("Kind")


@dataclass
class RequestContext:
    """What a service knows of a request, or of one run of its follower.

    `identity` is who is asking (`shared.security.authorization.caller` has its type), `nonce` that of a write which has
    yet to be spent (`shared.security.replay_protection`); `base_url` is that of the client for whom another service
    asks; `degraded` names the services whose part is missing in the reply (`X-Degraded`), `ignored` the parameters of a
    list that mean nothing (`X-Ignored-Parameters`); `absent` are the objects of others, (label, id), whose owner has
    just said that they do not exist; `found` are the ids of objects that were meant by their attributes, by (label,
    attributes as JSON), or why there is none; `fetched_anew` says that complete replicas were fetched once more.
    """

    identity: object = None
    nonce: str | None = None
    base_url: str = ""
    activity_noted: bool = False
    degraded: set[str] = field(default_factory=set)
    ignored: list[str] = field(default_factory=list)
    absent: set[tuple[str, int]] = field(default_factory=set)
    fetched_anew: bool = False
    found: dict[tuple[str, str], int | str] = field(default_factory=dict)


def of_request(kind: type[Kind]) -> Kind:
    """The one `kind` of this request, a dataclass with defaults, made when it is first asked for."""
    found: Kind | None = g.get(kind.__name__)
    if found is None:
        found = kind()
        setattr(g, kind.__name__, found)
    return found


def context() -> RequestContext:
    """The context of this request."""
    return of_request(RequestContext)
