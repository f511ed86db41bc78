"""The OpenAPI document: what checks it, and what can be made of it."""

import pytest
import yaml
from openapi_schema_validator import OAS30ReadValidator
from openapi_spec_validator import validate

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


def test_a_list_takes_every_order_that_is_told(api, document):
    told = {
        path: each["x-ordered-by"]
        for path, verbs in document["paths"].items()
        for each in verbs.get("get", {}).get("parameters", ())
        if "x-ordered-by" in each
    }
    assert "is_active" not in told["/api/secrets/user-keys/"] and "region" in told["/api/dcim/sites/"]
    for path, names in told.items():
        for start in range(0, len(names), 8):  # as many as can be named at once
            order = ",".join(names[start : start + 8])
            status, reply = api.get(path.removeprefix("/api/"), ordering=order, limit=1)
            assert status == 200, (path, order, reply)


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


def test_writes_tell_of_idempotency_keys_and_of_references_by_attributes(document):
    writes = [
        verbs[verb] for verbs in document["paths"].values() for verb in ("put", "patch", "delete") if verb in verbs
    ]
    assert writes and all("Idempotency-Key" in {each["name"] for each in told["parameters"]} for told in writes)
    create = document["paths"]["/api/dcim/sites/"]["post"]
    assert "Idempotency-Key" in {each["name"] for each in create["parameters"]}
    told = document["components"]["schemas"]["DcimSiteWrite"]["properties"]
    assert '`{"slug": …}`' in str(told["region"]) and "attributes" in document["info"]["description"]


def test_every_list_is_to_be_had_and_sent_as_csv(api, document):
    lists = {path: verbs for path, verbs in document["paths"].items() if "x-part-of" in verbs.get("get", {})}
    assert len(lists) > 50
    for path, verbs in lists.items():
        told = verbs["get"]
        asked = next(each for each in told["parameters"] if each["name"] == "format")
        assert "csv" in asked["schema"]["enum"]
        assert list(told["responses"]["200"]["content"]) == ["application/json", "text/csv"], path
    forms = {path for path, verbs in lists.items() if "multipart/form-data" in str(verbs.get("post", {}))}
    taken = {
        path
        for path, verbs in lists.items()
        if "text/csv" in verbs.get("post", {}).get("requestBody", {}).get("content", {})
    }
    assert {path for path, verbs in lists.items() if "post" in verbs} == taken | forms
    reply = api.request("GET", "dcim/sites/", params={"format": "csv"})
    assert reply.headers["Content-Type"].startswith("text/csv")
