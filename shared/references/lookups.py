"""Lookups: what only another service knows of the objects on a page, asked once per page and service."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from flask import current_app
from sqlalchemy import Column, Connection

from shared import JsonObject
from shared.db import prepared, row_counts
from shared.http.context import context
from shared.http.errors import ServiceUnavailable
from shared.http.responses import base_url
from shared.references import client
from shared.schema.models import Record
from shared.telemetry import metrics

SECONDS = 3

# What is known of some ids, `{id: {name: value}}`.
Answer = Callable[[Connection, list[int]], dict[int, JsonObject]]


@dataclass(frozen=True, eq=False)
class Lookup:
    """`service` answers `question` (`answers=` of its app) for ids with `{id: {name: value}}`.

    About objects of this type: only those that the service has claimed are asked about, for the others `default`
    holds. If the service does not answer, the names of `default` are null there and the reply says so (`X-Degraded`).
    `also` are the names that later releases of NetBox have for some of them, `{"prefix_count": "count_prefixes"}`.

    With `of`, the name of a reference: about the objects that it refers to, and the answer takes the place of the
    nested face, which stays if the service does not answer. `here(connection, ids)` adds what this service knows.
    """

    service: str
    question: str
    default: JsonObject = field(default_factory=dict)
    of: str = ""
    here: Answer | None = None
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def defaults(self) -> JsonObject:
        """`default` under all its names."""
        return self.renamed(self.default)

    def renamed(self, found: JsonObject) -> JsonObject:
        """What was `found` of one object, under all its names."""
        return found | {later: found[name] for later, name in self.also.items() if name in found}


class Looking(Protocol):
    """A resource, as far as this module knows one."""

    @property
    def lookups(self) -> tuple[Lookup, ...]: ...


def counts(**columns: Column[Any]) -> Answer:
    """Answers `{id: {name: number}}`: how many rows refer to each of the ids, for each counted `name=reference`."""
    name_of = {row_counts.label_of(column): name for name, column in columns.items()}
    statement = row_counts.referring_sql(columns.values())

    def count(connection: Connection, ids: list[int]) -> dict[int, JsonObject]:
        counted: dict[int, JsonObject] = {}
        for pk, label, number in prepared.execute(connection, "_".join(columns), statement, (ids,)):
            counted.setdefault(pk, {})[name_of[label]] = number
        return counted

    return count


def subject_sql(lookup: Lookup, model: type[Record]) -> str:
    """The id of what `lookup` asks about for the row `t` of `model`, NULL where there is nothing to ask."""
    if lookup.of:
        return f"t.{model.attributes[lookup.of].column}"
    return (
        "CASE WHEN EXISTS (SELECT FROM reference_claim WHERE object_id = t.id"
        f" AND service = '{lookup.service}' AND label = '{model.label}') THEN t.id END"
    )


def answer(connection: Connection, resource: Looking, found: Mapping[int, Sequence[Any]]) -> dict[int, JsonObject]:
    """What other services add to some objects; nothing for those that there was nothing to ask about.

    `found` has the subject of each lookup of `resource` for each id.
    """
    subjects = {
        lookup: {pk: each[place] for pk, each in found.items() if each[place] is not None}
        for place, lookup in enumerate(resource.lookups)
    }
    asked = {
        lookup.service: ("lookups", _question(lookup, of_object.values()))
        for lookup, of_object in subjects.items()
        if of_object
    }
    answers = client.call_all(asked, SECONDS)
    added: dict[int, JsonObject] = {}
    for lookup, of_object in subjects.items():
        known = answers.get(lookup.service, {})
        if isinstance(known, client.ServiceDown):
            context().degraded.add(lookup.service)
            metrics.lookups_degraded.labels(current_app.name, lookup.service).inc()
            known = None
        (_add_reference if lookup.of else _add)(connection, added, lookup, of_object, known)
    return added


def ask(service: str, question: str, ids: list[Any]) -> dict[str, JsonObject]:
    """The answer of `service` to a question that nothing can be said without. Raises ServiceUnavailable."""
    try:
        return client.call(service, "lookups", {"question": question, "ids": ids, "base_url": base_url()})
    except client.ServiceDown as down:
        raise ServiceUnavailable(str(down)) from down


def _question(lookup: Lookup, ids: Iterable[int]) -> JsonObject:
    return {"question": lookup.question, "ids": sorted(set(ids)), "base_url": base_url()}


def _add(
    _connection: Connection,
    added: dict[int, JsonObject],
    lookup: Lookup,
    of_object: dict[int, Any],
    found: JsonObject | None,
) -> None:
    unknown = dict.fromkeys(lookup.defaults)
    for pk in of_object:
        added.setdefault(pk, {}).update(unknown if found is None else lookup.renamed(found.get(str(pk), {})))


def _add_reference(
    connection: Connection,
    added: dict[int, JsonObject],
    lookup: Lookup,
    of_object: dict[int, Any],
    found: JsonObject | None,
) -> None:
    here = lookup.here(connection, sorted(of_object.values())) if lookup.here and found else {}
    for pk, subject in of_object.items():
        if face := (found or {}).get(str(subject)):
            added.setdefault(pk, {})[lookup.of] = {**face, **here.get(subject, {})}
