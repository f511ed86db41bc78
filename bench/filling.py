"""Rows by COPY, with what the application would have added: defaults, sort keys, claims, replicas."""

import io
import itertools
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import orjson
import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2 writes its classes small
from sqlalchemy import Column, Table, create_engine
from sqlalchemy.orm import Session

from bench.client import Asker
from shared import JsonObject
from shared.db import row_counts
from shared.migrations import declared
from shared.references import owning, replicas
from shared.schema.models import Record
from stack.folder import DataFolder
from stack.plan import database_name
from stack.postgres import Cluster

T = TypeVar("T")
PIECE = 5000
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Filler:
    """Fills the databases of the stack in `folder`, which must be running."""

    def __init__(self, folder: DataFolder) -> None:
        self.folder, self.cluster = folder, Cluster(folder)

    def model(self, label: str, service: str = "") -> Any:
        """The model of `label`, or the replica that `service` keeps of it."""
        return declared(service or label.split(".")[0])[0].model_of(label)

    def known(self, service: str) -> dict[str, type[Record]]:
        return declared(service)[0].models

    @contextmanager
    def connected(self, service: str) -> Iterator[Connection]:
        """The database of `service`, with neither foreign keys nor triggers at work: the rows are known to agree."""
        with closing(self.open(service)) as connection, connection:
            yield connection

    def open(self, service: str) -> Connection:
        return psycopg2.connect(
            host=str(self.cluster.socket_folder),
            user="postgres",
            dbname=database_name(service),
            password=self.folder.database_password("postgres"),
            options="-c session_replication_role=replica -c synchronous_commit=off",
        )

    def add(self, label: str, rows: Iterable[JsonObject]) -> None:
        """Store `rows` (values by column), each with the next id from 1 on."""
        numbered = ({"id": pk, **row} for pk, row in enumerate(rows, 1))
        model = self.model(label)
        table = model.__table__
        with self.connected(label.split(".")[0]) as connection:
            copy(connection, table, complete(table, numbered))
            with connection.cursor() as cursor:
                for tally in row_counts.tallies_of(model):
                    cursor.execute("DELETE FROM row_tally WHERE label = %s", (tally,))
                    cursor.execute(row_counts.counting(model, tally))
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 1)) FROM {table}"
                )

    def refer(self, service: str, label: str, ids: Iterable[int]) -> None:
        """Give `service` the claims and the replicas of the objects `ids` of another service."""
        owner, target = label.split(".")[0], self.model(label, service)
        claims = target.metadata.tables["reference_claim"]
        restricting = bool(replicas.protecting(target))
        engine = create_engine(self.cluster.url(database_name(owner)))
        with self.connected(owner) as there, self.connected(service) as here, Session(engine) as session:
            for some in pieces(ids):
                claim = (
                    {"service": service, "label": label, "object_id": pk, "restricting": restricting} for pk in some
                )
                copy(there, claims, claim)
                facts = owning.summaries(session, self.model(label), some)
                copy(here, target.__table__, ({"released": False, **each} for each in facts))
        engine.dispose()

    def define_batch(self) -> int:
        """The id of a custom field of devices, `batch`, that every service knows from its owner."""
        batch = {"name": "batch", "type": 100, "filter_logic": 2, "obj_type": ["dcim.device"]}
        with closing(Asker(self.folder)) as asker:
            return asker.json("POST", "/api/extras/custom-fields/", batch)["id"]

    def settle(self, services: Iterable[str]) -> None:
        """What PostgreSQL would come to by itself: statistics, pages known to be visible to all, and on disk."""
        for service in services:
            with closing(self.open(service)) as connection:
                connection.autocommit = True
                connection.cursor().execute("VACUUM ANALYZE")
                connection.cursor().execute("CHECKPOINT")


def complete(table: Table, rows: Iterable[JsonObject]) -> Iterator[JsonObject]:
    """`rows` with the defaults and the sort keys of `table`."""
    defaults = {column.name: default_of(column) for column in table.columns if has_default(column)}
    keys = [(column.name, *column.info["sort_key"]) for column in table.columns if "sort_key" in column.info]
    for row in rows:
        made = {**defaults, **row}
        for name, source, key in keys:
            made[name] = key(made[source])
        yield made


def has_default(column: Column[Any]) -> bool:
    return column.default is not None and "sort_key" not in column.info


def default_of(column: Any) -> Any:
    return column.default.arg(None) if column.default.is_callable else column.default.arg


def copy(connection: Connection, table: Table, rows: Iterable[JsonObject]) -> None:
    """COPY `rows`, all with the same columns, into `table`; what they leave out gets the default of the database."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    columns = list(first)
    listed = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        for some in pieces(itertools.chain([first], rows)):
            lines = ("\t".join(cell(row[name]) for name in columns) for row in some)
            cursor.copy_expert(f"COPY {table} ({listed}) FROM STDIN", io.StringIO("\n".join(lines) + "\n"))


def pieces(items: Iterable[T]) -> Iterator[list[T]]:
    items = iter(items)
    while some := list(itertools.islice(items, PIECE)):
        yield some


def cell(value: Any) -> str:
    """A value as COPY reads it."""
    if value is None:
        return "\\N"
    if isinstance(value, (dict, list)):
        value = orjson.dumps(value).decode()
    return str(value).translate(_ESCAPES)
