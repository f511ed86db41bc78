"""The read face of a model, for prepared statements."""

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, any_, select
from sqlalchemy.orm import aliased

from shared import JsonObject
from shared.db import prepared
from shared.db.prepared import IDS
from shared.http.responses import base_url
from shared.schema.models import Record
from shared.schema.representations import Joins, members_sql, object_sql, readable_names
from shared.schema.view import View


class ReadFace:
    """The read face of a model, or of what an endpoint shows of one, as SQL.

    `json` is an expression of `entity`, the table, that hangs on what `onto` joins.

    `names` are the attributes shown, all unless given; `id` and `url` are there, too,
    unless it is `bare`. It is made for prepared statements, whose `$1` is the address that the client sees.
    """

    def __init__(self, model: type[Record] | View, names: Iterable[str] | None = None, *, bare: bool = False) -> None:
        self.entity: Any = aliased(model.model if isinstance(model, View) else model, name="t")
        self._joins = Joins()
        shown = names or readable_names(model.attributes)
        self.json = (members_sql if bare else object_sql)(self.entity, model, shown, self._joins)

    def onto(self, root: Any = None) -> Any:
        """The FROM clause: `root`, or the table alone, with the joins of the references shown."""
        return self._joins.onto(self.entity if root is None else root)

    def read(self, connection: Connection, name: str, key: str, ids: Collection[int]) -> list[tuple[int, JsonObject]]:
        """(key, face) of the rows whose column `key` is among `ids`, by a statement that is prepared as `name`."""
        rows = prepared.execute(connection, name, _rows_of(self, key), (base_url(), list(ids)))
        return [(pk, orjson.loads(json)) for pk, json in rows]


@cache
def _rows_of(face: ReadFace, key: str) -> str:
    column = getattr(face.entity, key)
    return prepared.sql(select(column, face.json).select_from(face.onto()).where(column == any_(IDS)))
