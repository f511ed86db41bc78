"""A list of changes needs no more statements than one: nothing is asked for each element."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from services.dcim.app import app
from shared.api import bulk, deleting, writing
from shared.db.database import Database
from shared.http.context import context
from shared.schema import fields, text_fields
from shared.security.identity import Identity
from tests.factories import BY_LABEL, Factory
from tests.speed.statements import heard

FEW, MANY = 2, 12
# Trees are walked from each object that is moved.
WALKED = {"dcim.region", "dcim.inventoryitem", "dcim.devicetype"}
LABELS = sorted(
    label
    for label, resource in BY_LABEL.items()
    if resource.app == "dcim" and "PATCH" in resource.methods and label not in WALKED
)


def made(api, label: str, number: int) -> list[dict[str, Any]]:
    factory = Factory(api)
    return [factory.make(label) for _ in range(number)]


def changed(label: str, faces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every text of every object is another, every reference is said again."""
    attributes = BY_LABEL[label].model.attributes
    items = []
    for face in faces:
        item = {"id": face["id"]}
        for name, value in face.items():
            field = attributes[name].field if name in attributes else None
            if isinstance(field, (fields.Reference, fields.References)) and not field.dump_only:
                item[name] = value
            elif type(field) in (fields.Text, text_fields.Slug) and value:
                item[name] = f"{value}x"
        items.append(item)
    return items


def statements(stack, label: str, items: list[dict[str, Any]]) -> list[str]:
    """What a service asks of its database to change `items`, and to delete them."""
    resource, sent = BY_LABEL[label], list[str]()
    here = app.extensions["patchbay.database"] = Database(stack.database_url("dcim"))
    engine = here.engine.execution_options(isolation_level="READ COMMITTED")
    with (
        heard(here.engine, lambda statement, _: sent.append(statement)),
        app.test_request_context(),
        Session(engine, autoflush=False, expire_on_commit=False) as session,
    ):
        context().identity = Identity(1, "admin", superuser=True, write=True)
        targets = bulk.targets(session, resource, items)
        writing.dump(resource, writing.update(session, resource, targets, items, partial=True))
        for hook in resource.on_delete:
            hook(session, targets)
        deleting.remove(session, resource.model, {target.id for target in targets})
        session.rollback()
    return sent


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of SQLAlchemy, which the services do not heed
@pytest.mark.parametrize("label", LABELS)
def test_statements_do_not_grow_with_the_list(api, stack, label):
    few, many = (statements(stack, label, changed(label, made(api, label, number))) for number in (FEW, MANY))
    assert len(many) <= len(few), "\n".join(sorted(set(many)))
