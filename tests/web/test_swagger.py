"""The document as NetBox 2.3.7 serves it, and what clients read before it."""

import json
import platform
from pathlib import Path

import pytest
import yaml
from openapi_spec_validator import OpenAPIV2SpecValidator

from gateway.web.swagger import of_openapi
from shared.config import APPS, version_of
from tests.client import Client

# What NetBox 2.3.7 tells of each path: the parameters of the path, and the operations with theirs.
NETBOX = json.loads((Path(__file__).parent / "operations_of_netbox.json").read_text())
SERVED = {path: told for path, told in NETBOX.items() if path.split("/")[1] in APPS}


@pytest.fixture(scope="module")
def swagger(api):
    return api.get("docs/?format=openapi")[1]


def test_the_document_is_swagger_2(swagger):
    assert list(OpenAPIV2SpecValidator(swagger).iter_errors()) == []


def test_it_is_at_every_address_that_netbox_has_it_at(stack, api, swagger):
    assert api.get("swagger.json")[1] == swagger
    assert yaml.safe_load(api.request("GET", "swagger.yaml").text) == swagger
    assert Client(stack.base_url).get("docs/?format=openapi") == (200, swagger)
    assert api.request("GET", "redoc/").headers["Location"] == "/api/docs/"
    assert f"{swagger['schemes'][0]}://{swagger['host']}{swagger['basePath']}" == f"{api.base_url}/api"
    assert swagger["info"]["version"] == "2.3"


@pytest.mark.parametrize("app", sorted({path.split("/")[1] for path in SERVED}))
def test_it_has_the_paths_operations_and_parameters_of_netbox(swagger, app):
    for path, wanted in SERVED.items():
        if path.startswith(f"/{app}/"):
            told = swagger["paths"][path]
            assert [each["name"] for each in told["parameters"]] == wanted["parameters"], path
            of_id = "string" if "_choices" in path else "integer"
            assert {each["type"] for each in told["parameters"]} <= {of_id}, path
            for verb, operation in wanted["operations"].items():
                assert told[verb]["operationId"] == operation["id"]
                parameters = {each["name"]: each["in"] for each in told[verb]["parameters"]}
                assert operation["parameters"].items() <= parameters.items(), (path, verb)


def test_no_two_operations_have_the_same_name(swagger):
    names = [each["operationId"] for verbs in swagger["paths"].values() for each in _operations(verbs)]
    assert len(names) == len({*names})


def _operations(verbs: dict) -> list[dict]:
    return [told for verb, told in verbs.items() if verb != "parameters"]


def test_each_shape_becomes_what_swagger_has_a_word_for():
    nothing = {"type": "object", "nullable": True, "enum": [None]}
    site = {
        "type": "object",
        "required": ["region", "required", "status"],
        "properties": {
            "region": {"anyOf": [{"$ref": "#/components/schemas/Region"}, nothing]},
            "required": {"type": "boolean", "default": None},
            "status": {"type": "integer", "enum": [1, 2, None], "x-choices": [{"value": 1, "label": "Active"}]},
        },
    }
    one_or_many = {"oneOf": [{"$ref": "#/components/schemas/Site"}, {"type": "array", "items": {}}]}
    listed = {"name": "status", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}
    pk = {"name": "report_id", "in": "path", "required": True, "schema": {"type": "string"}}
    made = of_openapi(
        {
            "info": {},
            "servers": [{"url": "https://example.net:8443"}],
            "tags": [],
            "components": {
                "securitySchemes": {"token": {}},
                "schemas": {"Site": site, "Region": {"type": "object"}},
                "responses": {"DEFAULT_ERROR": {"description": "Refused"}},
            },
            "paths": {
                "/api/dcim/sites/": {
                    "get": {"parameters": [listed], "responses": {"default": {"$ref": "#/components/responses/E"}}},
                    "post": {
                        "requestBody": {"content": {"application/json": {"schema": one_or_many}}},
                        "responses": {"201": {"content": {"application/json": {"schema": one_or_many}}}},
                    },
                },
                "/api/extras/reports/{report_id}/run/": {"post": {"parameters": [pk], "responses": {}}},
            },
        }
    )
    assert (made["host"], made["schemes"]) == ("example.net:8443", ["https"])
    shapes = made["definitions"]["Site"]
    assert shapes["properties"]["region"] == {"$ref": "#/definitions/Region"}
    assert made["definitions"]["Region"]["x-nullable"] is True and "x-nullable" not in shapes
    assert shapes["properties"]["status"]["enum"] == [1, 2]
    assert shapes["properties"]["status"]["x-nullable"] is True
    assert shapes["required"] == ["required", "status"]
    sites = made["paths"]["/dcim/sites/"]
    assert sites["get"]["parameters"][0]["type"] == "string"
    assert sites["get"]["responses"]["default"] == {"$ref": "#/responses/E"}
    assert sites["post"]["parameters"][0]["schema"] == {"$ref": "#/definitions/Site"}
    run = made["paths"]["/extras/reports/{id}/run/"]
    assert (run["post"]["operationId"], run["parameters"][0]["name"]) == ("extras_reports_run", "id")


def test_the_status_tells_which_netbox_this_is(stack, api):
    reply = Client(stack.base_url).request("GET", "status/")
    assert reply.headers["API-Version"] == "2.3"
    assert reply.json() == {
        "netbox-version": "2.3.7",
        "python-version": platform.python_version(),
        "plugins": {},
        "patchbay-version": version_of("users"),
        "services": {app: version_of(app) for app in APPS},
    }
    assert api.get("schema/")[1]["paths"]["/api/status/"]["get"]["operationId"] == "status"
