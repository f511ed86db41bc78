"""One search over all types of a service, in one statement; the gateway asks every service for its part."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import ColumnElement, func, literal, select, union_all
from sqlalchemy.orm import aliased

from shared import JsonObject
from shared.api.resource import Resource
from shared.api.titles import context_of, title_sql
from shared.db.database import database
from shared.db.prepared import AnySelect
from shared.http import responses
from shared.http.errors import Forbidden
from shared.query.filters import escape_like
from shared.schema import openapi_schemas
from shared.schema.models import Record
from shared.security import authorization

MOST_PER_TYPE = 20
LONGEST = 200


def blueprint(base: type[Record], resources: Sequence[Resource]) -> Blueprint:
    """`GET /internal/<app>/search?q=`, answered to the gateway with what its user may see."""
    internal = Blueprint("search", __name__, url_prefix=f"/internal/{base.app}")
    written = [each for each in resources if "POST" in each.methods]  # not what is told of them, as changes
    searched = {each.model.label: each for each in reversed(written) if each.search and each.model.path}

    @internal.get("/search")
    def search() -> Response:
        words = request.args.get("q", "").strip()[:LONGEST]
        if "\x00" in words:
            return responses.json_response({"results": []})
        parts = [part for each in reversed(searched.values()) if (part := _part(each, words)) is not None]
        if not words or not parts:
            return responses.json_response({"results": []})
        with database().serving() as connection:
            rows = connection.execute(union_all(*parts)).all()
        return responses.json_response({"results": [_result(*row) for row in rows]})

    return internal


def _part(resource: Resource, words: str) -> AnySelect | None:
    """The objects of one type that match, names that start with it first; None where the caller may see none."""
    model = resource.model
    try:
        seen = authorization.visible_rows(resource)
    except Forbidden:
        return None
    found = resource.filter_table["q"].where([words])
    if found is None:
        return None
    name = title_sql(model, model)
    begins = name.ilike(f"{escape_like(words)}%", escape="\\")
    rows = select(
        literal(model.label), literal(openapi_schemas.path_of(model)), model.id, name.label("name"), _context(resource)
    )
    return select(
        rows.where(found, *resource.base_conditions, *seen)
        .order_by(begins.desc(), name, model.id)
        .limit(MOST_PER_TYPE)
        .subquery(model.__tablename__)
    )


def _context(resource: Resource) -> ColumnElement[str]:
    """The names of what an object is part of."""
    model, names = resource.model, list[Any]()
    for name in context_of(resource):
        attribute = model.attributes[name]
        target = aliased(model.model_of(attribute.field.target))
        title = select(title_sql(target, model.model_of(attribute.field.target)))
        names.append(title.where(target.id == getattr(model, attribute.column)).scalar_subquery())
    return func.concat_ws(" · ", *names) if names else literal("")


def _result(label: str, path: str, pk: int, name: str | None, context: str) -> JsonObject:
    url = f"{responses.base_url()}{path}{pk}/"
    return {"type": label, "id": pk, "name": name or f"#{pk}", "context": context, "url": url}
