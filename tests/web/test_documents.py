"""The OpenAPI document: what checks it, and what can be made of it."""

import subprocess
import sys
from importlib import import_module

import pytest
import yaml
from openapi_schema_validator import OAS30ReadValidator
from openapi_spec_validator import validate

from tests.client import Client
from tests.factories import BY_LABEL, NOT_BY_JSON, Factory
from tests.factories import url as url_of


@pytest.fixture(scope="module")
def document(api):
    return api.get("schema/")[1]


def test_the_document_is_openapi_3(document):
    validate(document)


def test_it_covers_every_endpoint_of_every_app(api, document):
    for app, url in api.get("")[1].items():
        paths = {path.split("/")[3] for path in document["paths"] if path.startswith(f"/api/{app}/")}
        assert paths, f"{app} is not documented"
        assert {"name": app} in [{"name": each["name"]} for each in document["tags"]]
        assert url.endswith(f"/api/{app}/")


def test_it_is_yaml_on_request(api, document):
    reply = api.request("GET", "schema/?format=yaml")
    assert reply.headers["Content-Type"].startswith("application/yaml")
    assert yaml.safe_load(reply.text) == document


def test_references_filters_and_permissions_are_told(document):
    lists = document["paths"]["/api/dcim/sites/"]
    told = {each["name"]: each for each in lists["get"]["parameters"]}
    assert told["region_id"]["x-reference"] == "/api/dcim/regions/"
    assert told["status"]["x-choices"][0] == {"value": 1, "label": "Active"}
    assert lists["post"]["x-permission"] == "dcim.add_site"


@pytest.mark.parametrize("label", sorted(set(BY_LABEL) - NOT_BY_JSON))
def test_replies_are_what_the_document_says(api, document, label):
    """Nothing that it does not tell of, nothing missing, whatever is null."""
    path = url_of(label)
    pk = Factory(api).make(label)["id"] if "POST" in BY_LABEL[label].methods else 1
    said = document["paths"][f"/api/{path}{{pk}}/"]
    status, read = api.get(f"{path}{pk}/")
    if status == 200:
        assert _complaints(document, said["get"], read) == []
    if "patch" in said:
        assert _complaints(document, said["patch"], api.patch(f"{path}{pk}/", {})[1]) == []


def _complaints(document: dict, operation: dict, reply: dict) -> list[str]:
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    shape = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    strict = {**shape, "additionalProperties": False, "components": document["components"]}
    return [error.message for error in OAS30ReadValidator(strict).iter_errors(reply)]


@pytest.mark.parametrize(
    ("path", "verb"),
    [
        ("/api/dcim/_choices/{key}/", "get"),
        ("/api/dcim/connected-device/", "get"),
        ("/api/extras/reports/{report_id}/run/", "post"),
        ("/api/ipam/prefixes/{pk}/available-ips/", "post"),
        ("/api/ipam/prefixes/{pk}/available-prefixes/", "post"),
        ("/api/search/", "get"),
        ("/api/secrets/generate-rsa-key-pair/", "get"),
        ("/api/secrets/get-session-key/", "post"),
        ("/api/secrets/user-keys/{pk}/activate/", "post"),
        ("/api/users/permissions/", "get"),
        ("/api/users/tokens/provision/", "post"),
    ],
)
def test_what_is_no_resource_is_told_of(document, path, verb):
    told = document["paths"][path][verb]
    answered = next(reply for status, reply in told["responses"].items() if status.startswith("2"))
    assert answered["content"]["application/json"]["schema"]
    assert ("requestBody" in told) == (verb == "post" and not path.endswith("/run/"))


def test_a_change_requires_nothing(document):
    objects = [verbs for path, verbs in document["paths"].items() if "patch" in verbs and path.endswith("}/")]
    bodies = [verbs["patch"]["requestBody"]["content"] for verbs in objects]
    schemas = [media["schema"]["$ref"].rsplit("/", 1)[1] for content in bodies for media in content.values()]
    assert [name for name in schemas if "required" in document["components"]["schemas"][name]] == []


@pytest.fixture(scope="module")
def generated(stack, tmp_path_factory):
    """The package that openapi-python-client makes of the document."""
    folder = tmp_path_factory.mktemp("generated")
    source = folder / "schema.yaml"
    source.write_text(Client(stack.base_url).request("GET", "schema/?format=yaml").text)
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(source), "--meta", "none"]
    made = subprocess.run([*command, "--output-path", str(folder / "made")], capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield "made"
    sys.path.remove(str(folder))


def test_a_generated_client_creates_lists_and_deletes_a_site(stack, api, generated):
    dcim, models = f"{generated}.api.dcim", import_module(f"{generated}.models")
    client = import_module(f"{generated}.client").AuthenticatedClient(stack.base_url, stack.token, prefix="Token")
    with client:
        body = models.DcimSiteWrite(name="Generated", slug="generated")
        made = import_module(f"{dcim}.dcim_sites_create_objects").sync(client=client, body=body)
        page = import_module(f"{dcim}.dcim_sites_list_objects").sync(client=client, slug=["generated"])
        assert [(each.id, each.region, each.count_vlans) for each in page.results] == [(made.id, None, 0)]
        deleted = import_module(f"{dcim}.dcim_sites_delete_object").sync_detailed(made.id, client=client)
        assert deleted.status_code == 204
    assert api.get(f"dcim/sites/{made.id}/")[0] == 404
