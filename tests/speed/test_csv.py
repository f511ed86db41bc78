"""CSV of many lines needs no more statements than that of few, out and in."""

import pytest
from sqlalchemy.orm import Session

from services.dcim.app import app
from shared.api.csv import saving, sheet, writing
from shared.db.database import Database
from shared.http.context import context
from shared.schema import fields
from shared.security.identity import Identity
from tests.factories import BY_LABEL
from tests.speed.statements import heard
from tests.speed.test_bulk import FEW, MANY, made
from tests.speed.test_bulk import LABELS as CHANGED

# What its user is called only the owner of users knows, who cannot be asked here.
LABELS = [label for label in CHANGED if label != "dcim.rackreservation"]


def sent_back(label: str, ids: list[int], columns: list, cells: dict[int, dict[str, str]]) -> sheet.Sheet:
    """What objects are, with another text in every line."""
    texts = [each.heading for each in columns if each.attribute and type(each.attribute.field) is fields.Text]
    lines = []
    for number, pk in enumerate(ids, 2):
        row = cells[pk] | {name: f"{cells[pk][name]}x" for name in texts if cells[pk][name]}
        lines.append(sheet.Line(number, list(row.values())))
    return sheet.Sheet(list(cells[ids[0]]), lines)


def statements(stack, label: str, ids: list[int]) -> tuple[list[str], list[str]]:
    """What a service asks of its database to show objects as CSV, and to change them all by it."""
    resource = BY_LABEL[label]
    out: list[str] = []
    back: list[str] = []
    here = app.extensions["patchbay.database"] = Database(stack.database_url("dcim"))
    asked = out
    engine = here.engine.execution_options(isolation_level="READ COMMITTED")
    with (
        heard(here.engine, lambda statement, _: asked.append(statement)),
        app.test_request_context(),
        Session(engine, autoflush=False, expire_on_commit=False) as session,
    ):
        context().identity = Identity(1, "admin", superuser=True, write=True)
        columns = writing.columns_of(session.connection(), resource)
        cells = writing.of_objects(session.connection(), resource, ids, columns)
        asked = back
        told = saving.save(session, resource, sent_back(label, ids, columns, cells))
        session.rollback()
    assert told["changed"] + told["unchanged"] == len(ids)
    return out, back


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of SQLAlchemy, which the services do not heed
@pytest.mark.parametrize("label", LABELS)
def test_statements_do_not_grow_with_the_lines(api, stack, label):
    few, many = (statements(stack, label, [each["id"] for each in made(api, label, number)]) for number in (FEW, MANY))
    for less, more in zip(few, many, strict=True):
        assert len(more) <= len(less), "\n".join(sorted(set(more)))
