"""A file of CSV becomes objects, or changes them: all of its lines, or none.

A line is about the object whose id it has, else about the one with its natural key (`matching`), else about a new one.
What a line says already is so is not saved.
"""

from dataclasses import dataclass, field
from typing import Any

from flask import Response, request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.api import bulk, writing
from shared.api.csv import columns as csv_columns
from shared.api.csv import matching, sheet, unchanged
from shared.api.csv.columns import Column
from shared.api.csv.reading import Reading, readings
from shared.api.csv.writing import MEDIA, definitions
from shared.api.resource import Resource
from shared.api.transaction import write
from shared.config import settings
from shared.custom_fields.column import LABEL
from shared.custom_fields.input import PREFIX
from shared.http.errors import NON_FIELD, BadRequest, Forbidden, TooLarge
from shared.http.responses import json_response
from shared.references import finding, full_replicas
from shared.schema.changes import Change
from shared.schema.fields import Boolean
from shared.schema.parsing import unknown_pk
from shared.security import authorization

DRY_RUN = "dry_run"
CREATED, CHANGED, UNCHANGED = "created", "changed", "unchanged"
MOST_ROUNDS = 20
MOST_ERRORS = 1000


def is_sent() -> bool:
    return request.mimetype == MEDIA


class DryRun(Exception):
    """All would be well; nothing of it is kept."""

    def __init__(self, told: JsonObject) -> None:
        super().__init__()
        self.told = told


@dataclass
class _File:
    """What was sent, being saved."""

    resource: Resource
    table: sheet.Sheet
    columns: list[Column | None]
    lines: list[Reading] = field(default_factory=list)
    outcome: dict[int, str] = field(default_factory=dict)


def respond(resource: Resource) -> Response:
    """The reply to a POST of CSV. Raises BadRequest, Forbidden, TooLarge, ServiceUnavailable."""
    table = _table_sent()
    try:
        return write(resource, True, lambda session: save(session, resource, table))
    except DryRun as done:
        return json_response(done.told)


def _table_sent() -> sheet.Sheet:
    """What was sent. Raises BadRequest, TooLarge."""
    try:
        found = sheet.read(sheet.decoded(request.get_data(), request.mimetype_params.get("charset", "")))
    except sheet.SheetError as error:
        raise _refused([_told(error.line, error.column, error.message)]) from error
    if len(found.lines) > settings.max_bulk_objects:
        raise TooLarge(f"At most {settings.max_bulk_objects} lines can be sent at once; these are {len(found.lines)}.")
    return found


def save(session: Session, resource: Resource, table: sheet.Sheet) -> JsonObject:
    """Do what the file says: `{created, changed, unchanged, rows: [{line, id, what}]}`.

    Raises BadRequest with the errors of all lines, NotHeld, and DryRun instead of an answer.
    """
    file = _File(resource, table, _columns(session, resource, table))
    file.lines = readings(resource.model, table, file.columns)
    matching.match(session, resource, [each for each in file.lines if not each.id and not each.errors])
    found = bulk.locked(session, resource, [each.id for each in file.lines if each.id])
    same = unchanged.lines(session, resource, file.columns, [each for each in file.lines if each.id in found], found)
    file.outcome = dict.fromkeys(same, UNCHANGED)
    _change(session, file, found)
    try:
        _create(session, file)
    except IntegrityError:
        _refuse(file)  # what was to be changed is wrong, and there now; else it was a race
        raise
    _refuse(file)
    dry_run = request.args.get(DRY_RUN, "") in Boolean.TRUE
    told = _answer(file, dry_run)
    if dry_run:
        raise DryRun(told)
    return told


def _columns(session: Session, resource: Resource, table: sheet.Sheet) -> list[Column | None]:
    """What the headings mean; a custom field that is not known may be a new one. Raises BadRequest, NotHeld."""
    known = definitions(session.connection(), resource)
    named = {each for each in table.headings if each.startswith(PREFIX)}
    if "custom_fields" in resource.attributes and named - {PREFIX + each.name for each in known}:
        full_replicas.ask_again(resource.model, LABEL)
    try:
        return csv_columns.read(resource, table.headings, known)
    except sheet.SheetError as error:
        raise _refused([_told(error.line, error.column, error.message)]) from error


def _change(session: Session, file: _File, found: dict[int, Any]) -> None:
    """Change what is there, the rows `found`. Raises Forbidden."""
    resource = file.resource
    lines: list[Reading] = []
    seen: set[int] = set()
    for each in file.lines:
        if each.id and each.id not in found:
            each.fail("id", unknown_pk(each.id))
        elif each.id in seen:
            each.fail("id", bulk.TWICE)
        elif each.id and each.line.number not in file.outcome and not each.errors:
            lines.append(each)
        seen |= {each.id} - {0}
    needed = resource.permission("change")
    if lines and needed and not authorization.caller().may(needed):
        raise Forbidden(f"Some lines are about objects that are there: that needs {needed}.")
    if not lines:
        return
    targets = [found[each.id] for each in lines]
    try:
        writing.update(session, resource, targets, [each.body for each in lines], partial=True)
    except writing.ValidationFailed as refused:
        _take_errors(lines, refused)
        for target in targets:
            session.expire(target)  # what is wrong is not written along with what is created
    for each in lines:
        file.outcome[each.line.number] = CHANGED


def _create(session: Session, file: _File) -> None:
    """Create the others, what they refer to among themselves first."""
    waiting = [each for each in file.lines if not each.id and not each.errors]
    for _ in range(MOST_ROUNDS):
        if not waiting:
            return
        ready = _ready(session, file.resource, waiting) or waiting
        try:
            made = writing.create(session, file.resource, [each.body for each in ready])
        except writing.ValidationFailed as refused:
            _take_errors(ready, refused)
            return
        for each, change in zip(ready, made, strict=True):
            each.id = change.object.id
            file.outcome[each.line.number] = CREATED
        waiting = [each for each in waiting if not each.id]
    waiting[0].fail(NON_FIELD, f"Lines may lead to each other over {MOST_ROUNDS} steps at most.")


def _ready(session: Session, resource: Resource, waiting: list[Reading]) -> list[Reading]:
    """Those lines that refer to none of their own kind that is not there yet."""
    own = {name for name, each in resource.attributes.items() if each.field.target == resource.model.label}
    told = [{name: meant for name, meant in each.body.items() if name in own} for each in waiting]
    probes = [Change(resource.model(), each, creating=True) for each in told]
    for probe in probes:
        writing.load(resource, probe, partial=True)
        probe.errors = {}
    finding.identify(session, resource.model, probes)
    return [each for each, probe in zip(waiting, probes, strict=True) if not probe.errors]


def _take_errors(lines: list[Reading], refused: writing.ValidationFailed) -> None:
    for each, errors in zip(lines, refused.messages, strict=True):
        for name, messages in errors.items():
            for message in _sentences(messages):
                each.fail(name, message)


def _sentences(messages: Any) -> list[str]:
    """Messages about a value; those about one of several name its place."""
    if isinstance(messages, dict):
        return [f"{int(place) + 1}: {text}" for place, told in messages.items() for text in _sentences(told)]
    return [str(each) for each in messages]


def _refuse(file: _File) -> None:
    """Raises BadRequest with what is wrong, line by line and by the heading of the column."""
    errors = []
    for each in file.lines:
        for name, messages in each.errors.items():
            errors += [_told(each.line.number, _heading(file, name, message), message) for message in messages]
    if errors:
        raise _refused(errors[:MOST_ERRORS])


def _heading(file: _File, name: str, message: str) -> str:
    """The column of an error about the attribute `name`, be there one or not, or in the column `name`; "" for none."""
    if name in file.table.headings:
        return name
    for heading, column in zip(file.table.headings, file.columns, strict=True):
        definition = column.definition if column else None
        told = definition is None or message.startswith(f"{definition.name}: ")
        if column and column.attribute and column.attribute.name == name and told:
            return heading
    return "" if name == NON_FIELD else name


def _told(line: int, column: str, message: str) -> JsonObject:
    return {"line": line, "column": column, "message": message}


def _refused(errors: list[JsonObject]) -> BadRequest:
    return BadRequest({"errors": errors})


def _answer(file: _File, dry_run: bool) -> JsonObject:
    """What became of each line; an object that a dry run does not create has no id."""
    outcomes = [file.outcome[each.line.number] for each in file.lines]
    ids = [None if dry_run and what == CREATED else each.id for each, what in zip(file.lines, outcomes, strict=True)]
    told = zip(file.lines, ids, outcomes, strict=True)
    rows = [{"line": each.line.number, "id": pk, "what": what} for each, pk, what in told]
    return {what: outcomes.count(what) for what in (CREATED, CHANGED, UNCHANGED)} | {"rows": rows}
