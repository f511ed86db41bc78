"""What a reference may be, while its name is typed: a few objects of one list, found by what tells them apart.

Unlike `q`, which looks for one text in the attributes that NetBox searches, every word is looked for by itself, in the
name of an object and in those of what it is part of: `sw1 eth48` finds the interface. Of a million rows, those of
exactly that name come from an index; the others are taken as they are met.
"""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import ColumnElement, Connection, Row, String, func, or_, select

from shared import JsonObject
from shared.api.resource import Resource
from shared.api.titles import context_of, named, title_sql, told
from shared.db.database import database
from shared.http import responses
from shared.http.errors import Forbidden, NotFound
from shared.query.filter_base import Condition, conditions_of
from shared.query.filters import escape_like
from shared.query.paths import among
from shared.references import full_replicas
from shared.schema.models import Record
from shared.schema.natural_order import name_key
from shared.security import authorization

MOST, LONGEST, MOST_WORDS = 20, 200, 5


def blueprint(base: type[Record], resources: Sequence[Resource]) -> Blueprint:
    """`GET /internal/<app>/autocomplete?list=/api/dcim/racks/&words=…&site_id=3`, asked by the gateway for its user.

    Answers `{"results": [{"id", "name", "context": [names]}], "more": whether there are others}`; what else the query
    says narrows the list as it does there.
    """
    internal = Blueprint("autocomplete", __name__, url_prefix=f"/internal/{base.app}")
    listed = {each.list_path(): each for each in resources}

    @internal.get("/autocomplete")
    def autocomplete() -> Response:
        resource = listed.get(request.args.get("list", ""))
        words = request.args.get("words", "").strip()[:LONGEST]
        if resource is None:
            raise NotFound
        if "\x00" in words:
            return responses.json_response({"results": [], "more": False})
        with database().serving() as connection:
            return responses.json_response(_matches(connection, resource, words))

    return internal


def _matches(connection: Connection, resource: Resource, words: str) -> JsonObject:
    """The objects whose name is `words`, then those in which each of them is found."""
    try:
        seen = [*resource.base_conditions, *authorization.visible_rows(resource), *_narrowing(resource)]
    except Forbidden:
        return {"results": [], "more": False}
    full_replicas.expect(resource.model)
    containing = [_contains(resource, word) for word in words.split()[:MOST_WORDS]]
    called = [same == words for same in _keys(resource) if words]
    exact = _rows(connection, resource, [*seen, or_(*called)]) if called else []
    found: dict[int, Row[Any]] = {row.id: row for row in exact}
    if len(exact) <= MOST:
        found |= {row.id: row for row in _rows(connection, resource, [*seen, *containing])}
    results = [told(row) for row in found.values()]
    lowered = words.lower()
    results.sort(key=lambda each: (each["name"].lower() != lowered, name_key(each["name"]), each["context"]))
    return {"results": results[:MOST], "more": len(results) > MOST}


def _rows(connection: Connection, resource: Resource, conditions: list[Condition]) -> Sequence[Row[Any]]:
    """(id, name, names of what it is part of) of the first objects that meet `conditions`, and one more than shown."""
    rows = named(resource).where(*conditions)
    return connection.execute(rows.order_by(resource.model.id).limit(MOST + 1)).all()


def _contains(resource: Resource, word: str) -> Condition:
    """Whether `word` is in what an object is called, is found by, or is part of."""
    model, pattern = resource.model, f"%{escape_like(word)}%"
    ways: list[ColumnElement[bool]] = [title_sql(model, model).ilike(pattern, escape="\\")]
    if searched := resource.filter_table.get("q"):
        ways += [found for found in [searched.where([word])] if found is not None]
    for name in context_of(resource):
        attribute = model.attributes[name]
        target = model.model_of(attribute.field.target)
        named = select(target.id).where(title_sql(target, target).ilike(pattern, escape="\\"))
        ways.append(among(getattr(model, attribute.column), named))
    return func.coalesce(or_(*ways), False)


def _keys(resource: Resource) -> list[ColumnElement[str]]:
    """The columns that may be all of a name."""
    columns = resource.model.__table__.columns
    names = dict.fromkeys(("name", resource.model.key, *resource.model.nested))
    return [columns[name] for name in names if name in columns and isinstance(columns[name].type, String)]


def _narrowing(resource: Resource) -> list[Condition]:
    """What the query says beside the words; a parameter that narrows nothing is passed over."""
    return conditions_of(
        (chosen, values)
        for name, values in request.args.lists()
        if name not in ("list", "words") and (chosen := resource.filter_table.get(name))
    )
