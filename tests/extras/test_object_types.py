"""The types that extras has something for are those of the services, which extras cannot import: held here."""

from importlib import import_module

import pytest

from services.extras.object_types import CUSTOM_FIELDS, EXPORTABLE, IMAGES
from shared.config import SERVICES
from shared.custom_fields.column import CustomFields

# Lists that no template can be for: NetBox 2.3 has no such model, or what it has is no list of objects.
NOT_EXPORTABLE = {"extras.report", "extras.reportresult", "secrets.sessionkey", "secrets.userkey"}


@pytest.fixture(scope="module")
def resources() -> list:
    return [each for service in SERVICES for each in import_module(f"services.{service}.app").RESOURCES]


def test_custom_fields_are_for_the_types_that_have_the_column(resources):
    having = {each.model.label for each in resources if issubclass(each.model, CustomFields)}
    assert set(CUSTOM_FIELDS) == having


def test_every_type_can_be_exported(resources):
    assert set(EXPORTABLE) == {each.model.label for each in resources} - NOT_EXPORTABLE


def test_images_are_for_types_that_there_are(resources):
    assert set(IMAGES) <= {each.model.label for each in resources}
