"""Requests made from the OpenAPI document, some as it says, some not: none fails, and every reply is as it says."""

import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok

from tests.fuzz.conftest import BOUNDED, hold

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
VERBS = {"get", "post", "put", "patch", "delete"}
CONFORMANCE = [
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.fixture(scope="module")
def document(fuzzed):
    return fuzzed.get("schema/")[1]


@pytest.fixture(scope="module")
def operations(document) -> list:
    read = list(schemathesis.openapi.from_dict(document).get_all_operations())
    found = [each.ok() for each in read if isinstance(each, Ok)]
    assert len(found) == len(read), read
    assert len(found) == sum(len(verbs.keys() & VERBS) for verbs in document["paths"].values())
    return found


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_operation_answers_as_the_document_says(fuzzed, objects, operations, verb):
    wrong = []
    for operation in operations:
        if operation.method == verb:
            wrong += _violations(fuzzed, operation, objects.get(operation.definition.raw.get("x-type"), 1))
    assert not wrong, "\n\n".join(wrong)


def _violations(fuzzed, operation, pk: int) -> list[str]:
    """What in the replies the document does not tell of."""
    found: list[str] = []

    @BOUNDED
    @given(case=st.one_of(*map(operation.as_strategy, MODES)), aimed=st.booleans())
    def ask(case, aimed):
        # Nonsense among the accounts must not end the superuser who sends it.
        if aimed or operation.path.startswith("/api/users/"):
            _aim(case, pk)
        reply = case.call(fuzzed.base_url, session=fuzzed.session, allow_redirects=False, timeout=60)
        hold(reply)
        try:
            case.validate_response(reply, checks=CONFORMANCE)
        except FailureGroup as failures:
            told = "\n".join(f"{type(each).__name__}: {each.message}" for each in failures.exceptions)
            found.append(f"{operation.label}: {told}"[:1500])

    ask()
    return found


def _aim(case, pk: int) -> None:
    """Have the request be about the object `pk`."""
    if "pk" in case.path_parameters:
        case.path_parameters["pk"] = pk
    elif case.method in ("PUT", "PATCH", "DELETE") and isinstance(case.body, list):
        case.body = [{**item, "id": pk} if isinstance(item, dict) else item for item in case.body]
