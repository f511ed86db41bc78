"""The compiled read face is the one that the schema would dump."""

import pytest

from services.dcim.app import app as dcim
from shared.custom_fields import input as custom_field_input
from shared.db.database import Database
from shared.schema.representations import read_schema
from tests.factories import BY_LABEL, NOT_BY_JSON, Factory
from tests.factories import url as url_of

MADE = [each for label, each in BY_LABEL.items() if "POST" in each.methods and label not in NOT_BY_JSON]


@pytest.fixture(scope="module")
def made(api) -> dict[str, int]:
    factory = Factory(api)
    return {resource.model.label: factory.make(resource.model.label)["id"] for resource in MADE}


@pytest.mark.parametrize("resource", MADE, ids=lambda resource: resource.model.label)
def test_sql_and_schema_agree(api, stack, made, resource):
    (shown,) = api.results(url_of(resource.model.label), cursor=made[resource.model.label] - 1, limit=1)
    database = Database(stack.database_url(resource.app))
    with dcim.test_request_context(base_url=api.base_url), database.transaction() as session:
        row = session.get(resource.model, shown["id"])
        if "custom_fields" in resource.model.attributes:
            defined = custom_field_input.definitions(session, resource.model)
            row.custom_field_definitions = [each for each in defined if resource.model.label in each.obj_type]
        dumped = read_schema(resource.model)().dump(row)
        looked_up = {name for lookup in resource.lookups for name in lookup.default}
        assert {name: value for name, value in shown.items() if name not in looked_up} == dumped
    database.engine.dispose()
