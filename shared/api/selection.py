"""Which attributes of its objects a client wants to see: all, the nested face (`brief`), or those it names.

`fields=id,name` shows these, `omit=comments` (or `exclude=`) all others, as in NetBox 4. What is not shown is not
joined. Omitting an unknown name is no error: clients of later releases of NetBox omit attributes that these added.
"""

from collections.abc import Iterable
from functools import cache, cached_property, lru_cache
from hashlib import blake2s

import orjson
from flask import request

from shared import JsonObject
from shared.api.resource import Resource
from shared.http.context import context
from shared.http.errors import BadRequest
from shared.query.filters import FALSE, TRUE
from shared.query.refusals import meaningless, strict, unknown
from shared.references.lookups import Lookup
from shared.schema.read_face import ReadFace
from shared.schema.representations import readable_names

BRIEF, FIELDS, OMIT = "brief", "fields", ("omit", "exclude")
PARAMETERS = (BRIEF, FIELDS, *OMIT)
MOST_KEPT = 256


class Selection:
    """The read face of `resource` with its attributes `names`, or with all of them.

    `tag` tells it from others of the same resource.
    """

    def __init__(self, resource: Resource, names: tuple[str, ...] | None = None) -> None:
        self.resource, self.names = resource, names
        self.tag = f"_{blake2s(','.join(names).encode(), digest_size=8).hexdigest()}" if names else ""

    @cached_property
    def lookups(self) -> tuple[Lookup, ...]:
        """The questions to other services whose answers are shown."""
        every = self.resource.lookups
        return every if self.names is None else tuple(each for each in every if _shown_by(each) & {*self.names})

    @cached_property
    def lookup_defaults(self) -> JsonObject:
        """What an object shows that no lookup asks about."""
        return {name: value for lookup in self.lookups for name, value in lookup.defaults.items()}

    @cached_property
    def read_face(self) -> ReadFace:
        """What the database makes of it; what is finished in Python is made whole."""
        if self.names is None or self.resource.postprocess:
            return self.resource.read_face
        model, shown = self.resource.model, self.resource.shown
        own = [name for name in self.names if name == "url" or name in {**model.attributes, **shown.attributes}]
        # The nested face is that of the model, wherever it is shown.
        return ReadFace(shown if {*own} <= {"url", *shown.attributes} else model, own or ("id",), bare=True)

    def cut(self, texts: list[str]) -> list[str]:
        """The JSON objects `texts` without what is not shown."""
        names = self.names
        if names is None or not (self.lookups or self.resource.postprocess):
            return texts
        faces = (orjson.loads(text) for text in texts)
        return [orjson.dumps({name: face[name] for name in names if name in face}).decode() for face in faces]


@cache
def everything(resource: Resource) -> Selection:
    return Selection(resource)


@lru_cache(maxsize=MOST_KEPT)
def of_names(resource: Resource, names: tuple[str, ...]) -> Selection:
    """What shows these attributes."""
    return Selection(resource, names)


def requested(resource: Resource) -> Selection:
    """What the query string asks to see. Raises BadRequest where that is nothing, or what there is not."""
    if request.args.keys().isdisjoint(PARAMETERS):
        return everything(resource)
    every = _every_name(resource)
    wanted, unwanted = _named(every, FIELDS), {name for parameter in OMIT for name in _named(every, parameter)}
    if not wanted and _is_brief():
        shown = ("id", "url", *resource.model.nested)
    elif wanted or unwanted:
        shown = tuple(name for name in every if not wanted or name in wanted)
    else:
        return everything(resource)
    shown = tuple(name for name in shown if name not in unwanted)
    if not shown:
        raise BadRequest({next(name for name in OMIT if name in request.args): ["This leaves nothing to show."]})
    return of_names(resource, shown)


def _is_brief() -> bool:
    text = (request.args.getlist(BRIEF) or [""])[-1].strip().lower()
    if text and text not in TRUE | FALSE and strict():
        raise meaningless(BRIEF, text)
    return text in TRUE


def _named(every: Iterable[str], parameter: str) -> set[str]:
    """The attributes that the values of `parameter` name, separated by commas."""
    given = (name.strip() for text in request.args.getlist(parameter) for name in text.split(","))
    named = {name for name in given if name}
    for name in sorted(named.difference(every)):
        if parameter == FIELDS or strict():
            raise unknown(parameter, name, "attribute", every)
        context().ignored.append(f"{parameter}={name}")
    return named.intersection(every)


@cache
def _every_name(resource: Resource) -> tuple[str, ...]:
    """What an object shows, in order."""
    own, added = readable_names(resource.attributes), everything(resource).lookup_defaults
    return tuple(dict.fromkeys(("id", "url", *own, *added)))


def _shown_by(lookup: Lookup) -> set[str]:
    return {*lookup.defaults, lookup.of}
