"""`/readyz` is 503 on a schema that the code cannot work on, and says why."""

import pytest
import requests

from shared.config import process_of
from stack.plan import Plan
from tests.stack.revisions import at_revision


def readiness(stack, app: str) -> requests.Response:
    return requests.get(f"{Plan.load(stack.folder).health_base(process_of(app))}/readyz")


@pytest.mark.parametrize("app", ["tenancy", "users"])
@pytest.mark.parametrize(
    "revision, needed, says",
    [
        ("0001", None, "is needed: ./patchbay migrate"),
        ("9999", "9998", "is of a later release, which needs code that knows 9998"),
        ("9999", None, ""),
        ("9999", "0002", ""),
    ],
)
def test_it_is_ready_on_a_schema_that_its_code_can_work_on(stack, app, revision, needed, says):
    assert readiness(stack, app).status_code == 200
    with at_revision(stack, app, revision, needed):
        reply = readiness(stack, app)
        assert (reply.status_code, says in reply.text) == (503 if says else 200, True)
    assert readiness(stack, app).status_code == 200


@pytest.mark.parametrize(
    "needed, status, says",
    [
        (None, 0, "Migrating tenancy: nothing to do, it is at 9999, of a later release"),
        ("9998", 1, "patchbay: the database of tenancy is of a later release, which needs code that knows 9998"),
    ],
)
def test_who_rolls_back_migrates_nothing(stack, needed, status, says):
    """`up` of the release before migrates, too."""
    with at_revision(stack, "tenancy", "9999", needed):
        done = stack.run("migrate", "tenancy")
        assert (done.returncode, says in done.stdout + done.stderr) == (status, True), done.stdout + done.stderr
        assert readiness(stack, "tenancy").status_code == (503 if status else 200)
