"""Many objects by one request: the rows that the elements of a list mean by their `id`, locked, or what is wrong.

As NetBox 2.10 takes them: PATCH, PUT and DELETE of a list, each element an object with its `id`.
"""

from typing import Any

from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from shared.api.resource import Resource
from shared.http import request_body
from shared.http.errors import BadRequest
from shared.schema import fields
from shared.schema.changes import M
from shared.schema.parsing import to_pk, unknown_pk
from shared.security import authorization

Errors = dict[str, list[str]]
TWICE = "This object is in the list already."


def targets(session: Session, resource: Resource[M], items: list[Any]) -> list[M]:
    """The rows that `items` mean, in their order, locked. Raises BadRequest, a list of messages per item."""
    read = [_read_id(item) for item in items]
    found = locked(session, resource, [pk for pk in read if isinstance(pk, int)])
    errors: list[Errors] = []
    seen: set[int] = set()
    for pk in read:
        errors.append(pk if isinstance(pk, dict) else _wrong(pk, found, seen))
        seen |= {pk} if isinstance(pk, int) else set()
    if any(errors):
        raise BadRequest(list(errors))
    return [found[pk] for pk in read if isinstance(pk, int)]


def _wrong(pk: int, found: dict[int, M], seen: set[int]) -> Errors:
    if pk in seen:
        return {"id": [TWICE]}
    return {} if pk in found else {"id": [unknown_pk(pk)]}


def _read_id(item: Any) -> int | Errors:
    """The id in an element, or the messages that say why there is none."""
    if not isinstance(item, dict):
        return request_body.not_an_object(item)
    if item.get("id") is None:
        return {"id": [fields.NULL if "id" in item else fields.REQUIRED]}
    try:
        return to_pk(item["id"])
    except ValidationError as error:
        return {"id": [str(message) for message in error.messages]}


def locked(session: Session, resource: Resource[M], ids: list[int]) -> dict[int, M]:
    """The rows `ids` with all that they refer to, for the rules look at it: one statement for each reference."""
    model = resource.model
    referring = [name for name, each in model.attributes.items() if each.is_reference or each.is_list]
    statement = (
        select(model)
        .where(model.id.in_(ids), *resource.base_conditions, *authorization.visible_rows(resource))
        .order_by(model.id)
        .with_for_update(of=model)
        .options(*(selectinload(getattr(model, name)) for name in referring))
    )
    return {row.id: row for row in session.scalars(statement)}


def lock(session: Session, model: type[M], ids: list[int]) -> None:
    """Keep the rows `ids` from being written by others until the transaction ends, whoever may see them."""
    session.execute(select(model.id).where(model.id.in_(ids)).order_by(model.id).with_for_update())
