"""A client of the OpenAPI 3 document: the package that openapi-python-client makes of it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.client import Client


@pytest.fixture(scope="module")
def folder(stack, tmp_path_factory) -> Iterator[Path]:
    """Where the package `made` is, which can be imported."""
    folder = tmp_path_factory.mktemp("generated")
    source = folder / "schema.yaml"
    source.write_text(Client(stack.base_url).request("GET", "schema/?format=yaml").text)
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(source), "--meta", "none"]
    made = subprocess.run([*command, "--output-path", str(folder / "made")], capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


def test_no_operation_is_dropped(folder: Path, api):
    made = {path.stem for path in folder.glob("made/api/*/*.py")} - {"__init__"}
    verbs = ("get", "post", "put", "patch", "delete")
    paths = api.get("schema/")[1]["paths"].values()
    told = {each[verb]["operationId"] for each in paths for verb in verbs if verb in each}
    assert {_spelled(name) for name in made} >= {_spelled(name) for name in told}


def _spelled(name: str) -> str:
    """An operation's name as the generator may write it."""
    return re.sub("[-_]+", "_", name.lower())


def test_it_creates_reads_filters_changes_and_deletes(stack, api, folder: Path):
    models = import_module("made.models")
    client = import_module("made.client").AuthenticatedClient(stack.base_url, stack.token, prefix="Token")

    def operation(name: str):
        return import_module(f"made.api.dcim.dcim_sites_{name}")

    with client:
        body = models.DcimSiteWrite(name="Generated", slug="generated")
        made = operation("create_objects").sync(client=client, body=body, idempotency_key="generated-1")
        assert made.id == operation("create_objects").sync(client=client, body=body, idempotency_key="generated-1").id
        page = operation("list_objects").sync(client=client, slug=["generated"])
        assert [(each.id, each.region, each.count_vlans) for each in page.results] == [(made.id, None, 0)]
        change = models.DcimSitePatch(facility="Press")
        assert operation("change_object").sync(made.id, client=client, body=change).facility == "Press"
        assert operation("read_object").sync(made.id, client=client).facility == "Press"
        assert operation("delete_object").sync_detailed(made.id, client=client).status_code == 204
    assert api.get(f"dcim/sites/{made.id}/")[0] == 404
