"""`patchbay revision`: the road of whoever adds a field, from the declaration to the rows that are there."""

import subprocess
import sys
from pathlib import Path

import pytest

from stack import ROOT
from tests.client import Client
from tests.running import Stack
from tests.stack.sources import Copy

TENANTS = Path("services", "tenancy", "resources", "tenants.py")
VERSIONS = Path("services", "tenancy", "migrations", "versions")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def declare(copy: Copy, *lines: str) -> None:
    """Adds attributes to tenants."""
    path = copy.home / TENANTS
    anchor = "    comments = long_text()\n"
    fields = "".join(f"    {line}\n" for line in lines)
    imported = "from shared.schema.columns import boolean, integer\n"
    path.write_text(path.read_text().replace(anchor, anchor + fields).replace("\n\n\nclass", f"\n{imported}\n\nclass"))


def test_a_new_field_reaches_the_rows_of_a_filled_database(copy: Copy, make_stack):
    stack: Stack = make_stack().start()
    tenant = Client(stack.base_url, stack.token).make("tenancy/tenants/", name="Old", slug="old")
    stack.down()

    declare(copy, "remarks = long_text()", "priority = integer(0, 10, default=5)", "billed = boolean(default=True)")
    written = copy.run("revision", "tenancy", "Tenants have remarks, a priority and a bill")
    assert written.returncode == 0, written.stderr
    added = {path.name for path in (copy.home / VERSIONS).iterdir()} - {
        path.name for path in (ROOT / VERSIONS).iterdir()
    }
    (script,) = (copy.home / VERSIONS / name for name in added if name.endswith(".py"))
    for check in (["check"], ["format", "--check"]):
        assert subprocess.run([sys.executable, "-m", "ruff", *check, script], cwd=copy.home).returncode == 0

    up = copy.run("up", "--detach", "--data", stack.data, "--port", stack.port)
    assert up.returncode == 0, up.stderr
    try:
        api = Client(stack.base_url, stack.token)
        _, shown = api.get(f"tenancy/tenants/{tenant['id']}/")
        assert (shown["remarks"], shown["priority"], shown["billed"]) == ("", 5, True)
        _, changed = api.patch(f"tenancy/tenants/{tenant['id']}/", {"priority": 7})
        assert changed["priority"] == 7
    finally:
        copy.run("down", "--data", stack.data)


def test_a_field_that_old_rows_could_not_have_is_refused_with_the_reason(copy: Copy):
    declare(copy, "priority = integer(0, 10)")
    refused = copy.run("revision", "tenancy", "Tenants have a priority")
    assert refused.returncode == 1
    assert "tenancy_tenant.priority may not be null and has no default" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_models_that_have_gained_nothing_get_no_migration(copy: Copy):
    before = sorted((copy.home / VERSIONS).iterdir())
    refused = copy.run("revision", "tenancy", "Nothing new")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(
        "patchbay: the models of tenancy have gained nothing; is the resource in RESOURCES?"
    )
    assert sorted(path for path in (copy.home / VERSIONS).iterdir() if path.suffix == ".py") == [
        path for path in before if path.suffix == ".py"
    ]


def test_a_slip_in_a_declaration_is_one_line(copy: Copy):
    path = copy.home / TENANTS
    path.write_text(path.read_text().replace('filters=("name", "group")', 'filters=("naem", "group")'))
    refused = copy.run("revision", "tenancy", "Nothing")
    assert refused.returncode == 1
    assert "tenancy.tenant: filters names 'naem', which does not exist; did you mean 'name'?" in refused.stderr
    assert "Traceback" not in refused.stderr
