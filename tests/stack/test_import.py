"""`patchbay import`: objects from a file, in its order, some by the names of others."""

import json

import pytest

from tests.running import patchbay


@pytest.fixture
def import_(stack, tmp_path):
    """Runs the command on what a file holds."""

    def run(content: str):
        path = tmp_path / "inventory.json"
        path.write_text(content)
        return patchbay("import", path, "--data", stack.data)

    return run


def row(endpoint: str, ref: str, **body) -> dict:
    return {"endpoint": endpoint, "ref": ref, "body": {"name": ref, "slug": ref, **body}}


def test_rows_refer_to_rows_before_them(api, import_):
    rows = [
        row("tenancy/tenants", "imported-tenant"),
        row("dcim/regions", "imported-above"),
        row("dcim/regions", "imported-below", parent={"ref": "imported-above"}),
        row("dcim/sites", "imported-site", tenant={"ref": "imported-tenant"}, region={"ref": "imported-below"}),
    ]
    done = import_(json.dumps(rows))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Created 4 objects.")
    (site,) = api.results("dcim/sites/", slug="imported-site")
    assert (site["tenant"]["slug"], site["region"]["slug"]) == ("imported-tenant", "imported-below")
    assert api.get(f"dcim/regions/{site['region']['id']}/")[1]["parent"]["slug"] == "imported-above"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "line 1: unexpected end of data"),
        ("5", "is no list"),
        ('[{"endpoint": "dcim/sites"}]', "is no list"),
        (json.dumps([row("dcim/sites", "refused", tenant={"ref": "nobody"})]), "no row before is called 'nobody'"),
        (json.dumps([row("dcim/sites", "refused", status=9)]), '400 {"status":["\\"9\\" is not a valid choice."]}'),
        (json.dumps([row("dcim/nothing", "refused")]), '404 {"detail":"Not found."}'),
    ],
)
def test_what_is_wrong_is_told_in_one_line(api, import_, content, told):
    done = import_(content)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("patchbay: ") and done.stderr.count("\n") == 1 and told in done.stderr
    assert api.results("dcim/sites/", slug="refused") == []
