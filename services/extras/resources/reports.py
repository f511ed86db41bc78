"""Reports: checks that an administrator wrote, and the last result of each."""

from typing import Any

from flask import Blueprint, Response
from marshmallow import fields as ma
from sqlalchemy import Boolean, Column, DateTime, Row, String, Table, func, select
from sqlalchemy.dialects import postgresql

from services.extras import reports as files
from services.extras.base import Base
from services.extras.report_findings import FindingSchema, findings
from shared import JsonObject
from shared.api.openapi import operation
from shared.db.database import database
from shared.http.errors import BadRequest, Forbidden
from shared.http.responses import base_url, json_response
from shared.schema import fields
from shared.schema.representations import BaseSchema
from shared.security.authorization import caller, user_id

PERMISSION = "extras.add_reportresult"
AS_TABLE: JsonObject = {"x-shown": "table"}
WRITTEN = "Checks of the data, which whoever looks after this installation writes in Python, in the folder of reports."
RUN: JsonObject = {"x-permission": PERMISSION}

results = Table(
    "extras_reportresult",
    Base.metadata,
    Column("report", String(255), primary_key=True),
    Column("created", DateTime(timezone=True), nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("data", postgresql.JSONB, nullable=False),
)


class ResultSchema(BaseSchema):
    """The last result of a report; `data` is there where one report is asked for, `url` in the list."""

    url = ma.URL()
    created = fields.DateTime()
    user = ma.String(allow_none=True)
    failed = ma.Boolean()
    data = ma.Dict(keys=ma.String(), values=ma.Dict())


class ReportSchema(BaseSchema):
    """A report, or with `error` what cannot be run; a module that cannot be loaded has no `url`."""

    module = ma.String(required=True)
    name = ma.String(required=True, allow_none=True)
    description = ma.String(required=True, allow_none=True)
    test_methods = ma.List(ma.String(), required=True)
    result = ma.Nested(ResultSchema, required=True, allow_none=True)
    error = ma.String()
    url = ma.URL()


reports = Blueprint("reports", __name__, url_prefix="/api/extras/reports")


@reports.get("/")
@operation("GET", "List reports", {"type": "array", "items": ReportSchema}, description=WRITTEN, **AS_TABLE)
def list_reports() -> Response:
    """Every report with the summary of its last result; a module that cannot be loaded stands for its own.

    What failed comes first, each part in the order of modules and names.
    """
    with database().reading() as connection:
        rows = connection.execute(select(results.c.report, results.c.created, results.c.failed))
        last = {row.report: {"url": _url(row.report), **_summary(row)} for row in rows}
    found = [face for module in files.modules() for face in _faces(module, last)]
    return json_response(sorted(found, key=_in_order))


@reports.get("/<report_id>/")
@operation("GET", "Read report", ReportSchema)
def read_report(report_id: str) -> Response:
    return json_response(_detail(files.find(report_id)))


@reports.get("/<report_id>/findings/")
@operation("GET", "Findings of report", {"type": "array", "items": FindingSchema}, **AS_TABLE)
def read_findings(report_id: str) -> Response:
    """What the last run has logged, and each test that has logged nothing: what failed first."""
    result = _detail(files.find(report_id))["result"]
    return json_response(findings(result["data"]) if result else [])


@reports.post("/<report_id>/run/")
@operation("POST", "Run report", ReportSchema, **RUN)
def run_report(report_id: str) -> Response:
    """Run the report and keep its result in place of the last one; who may run it needs no token that writes."""
    if caller().user_id is None or not caller().may(PERMISSION):
        raise Forbidden("You do not have permission to run reports.")
    found = files.find(report_id)
    if "error" in found:
        raise BadRequest(found["error"])
    data = files.run(found, user_id())
    failed = any(result["failure"] for result in data.values())
    kept = {"created": func.clock_timestamp(), "failed": failed, "data": data}
    with database().transaction() as session:
        statement = postgresql.insert(results).values(report=_id(found), **kept)
        session.execute(statement.on_conflict_do_update(index_elements=["report"], set_=kept))
    return json_response(_detail(found))


def _faces(module: JsonObject, last: dict[str, JsonObject]) -> list[JsonObject]:
    name = module["module"]
    if "error" in module:
        broken: JsonObject = {"name": None, "description": None, "test_methods": [], "result": None}
        return [{"module": name, **broken, "error": module["error"]}]
    return [_face({"module": name, **each, "result": last.get(f"{name}.{each['name']}")}) for each in module["reports"]]


def _face(found: JsonObject) -> JsonObject:
    return {**found, "url": _url(_id(found))}


def _in_order(face: JsonObject) -> bool:
    return "error" not in face and not (face["result"] and face["result"]["failed"])


def _detail(found: JsonObject) -> JsonObject:
    with database().reading() as connection:
        row = connection.execute(select(results).where(results.c.report == _id(found))).one_or_none()
    return _face({**found, "result": row and {**_summary(row), "data": row.data}})


def _summary(row: Row[*tuple[Any, ...]]) -> JsonObject:
    """As NetBox 2.3 has it, which does not say who ran a report."""
    return {"created": fields.DateTime().face(row.created), "user": None, "failed": row.failed}


def _id(found: JsonObject) -> str:
    return f"{found['module']}.{found['name']}"


def _url(report_id: str) -> str:
    return f"{base_url()}/api/extras/reports/{report_id}/"
