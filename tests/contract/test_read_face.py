"""The compiled read face is the one that the schema would dump."""

import pytest

from services.dcim.app import app as dcim
from shared.custom_fields import input as custom_field_input
from shared.db.database import Database
from tests.factories import BY_LABEL, NOT_BY_JSON, Factory
from tests.factories import url as url_of

MADE = [label for label, each in BY_LABEL.items() if "POST" in each.methods and label not in NOT_BY_JSON]


@pytest.fixture(scope="module")
def made(api) -> dict[str, int]:
    factory = Factory(api)
    return {label: factory.make(label)["id"] for label in MADE}


@pytest.mark.parametrize("label", MADE)
def test_sql_and_schema_agree(api, stack, made, label):
    resource = BY_LABEL[label]
    (shown,) = api.results(url_of(label), cursor=made[label] - 1, limit=1)
    database = Database(stack.database_url(resource.model.app))
    with dcim.test_request_context(base_url=api.base_url), database.transaction() as session:
        row = session.get(resource.model, shown["id"])
        if "custom_fields" in resource.model.attributes:
            defined = custom_field_input.definitions(session.connection(), resource.model)
            row.custom_field_definitions = [each for each in defined if resource.model.label in each.obj_type]
        dumped = resource.schemas()[0]().dump(row)
        looked_up = {name for lookup in resource.lookups for name in lookup.defaults}
        assert {name: value for name, value in shown.items() if name not in looked_up} == dumped
    database.engine.dispose()
