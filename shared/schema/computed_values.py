"""The values of attributes that SQL computes, for objects at hand."""

from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Text, any_, cast, select
from sqlalchemy.orm import Session

from shared.db import json_sql, prepared
from shared.db.prepared import BASE_URL, IDS
from shared.http.responses import base_url

if TYPE_CHECKING:
    from shared.schema.models import Record


def evaluated(session: Session, model: "type[Record]", name: str, ids: Collection[int]) -> dict[int, Any]:
    """The value of the computed attribute `name` of each of the stored objects `ids`."""
    rows = prepared.execute(
        session.connection(), f"{model.__tablename__}_{name}", _evaluation(model, name), (base_url(), list(ids))
    )
    return {row[0]: row[1] for row in rows}


@cache
def _evaluation(model: "type[Record]", name: str) -> str:
    value: Any = getattr(model, name).expression(model)
    shown = cast(value, JSON) if isinstance(value.type, json_sql.Written) else value
    first = cast(BASE_URL, Text)  # told to PostgreSQL even where no address is shown
    return prepared.sql(select(model.id, shown, first).where(model.id == any_(IDS)))
