"""What is the same at every address: OPTIONS, `Allow`, indents, and links that carry on the format asked for."""

import json

import pytest

from tests.client import Client


def test_options_describes_what_the_caller_may_send(api, stack):
    reply = api.request("OPTIONS", "dcim/sites/").json()
    assert reply["name"] == "Site List"
    fields = reply["actions"]["POST"]
    assert fields["status"]["choices"][0] == {"value": 1, "display_name": "Active"}
    assert (fields["count_vlans"]["label"], fields["count_vlans"]["read_only"]) == ("Count vlans", True)
    assert "actions" not in Client(stack.base_url).request("OPTIONS", "dcim/sites/").json()


def test_options_calls_things_as_people_do(api):
    site = api.request("OPTIONS", "dcim/sites/").json()["actions"]["POST"]
    assert [site[name]["label"] for name in ("id", "asn", "contact_email")] == ["ID", "ASN", "Contact E-mail"]
    children = site["region"]["children"]
    assert [*children] == ["id", "url", "name", "slug"] and children["id"]["label"] == "ID"
    assert children["url"] == {"type": "field", "required": False, "read_only": True, "label": "Url"}
    assert api.request("OPTIONS", "dcim/rack-reservations/").json()["actions"]["POST"]["units"]["type"] == "list"


@pytest.mark.parametrize("path", ["secret-roles", "get-session-key", "generate-rsa-key-pair"])
def test_options_tells_strangers_nothing_of_what_is_for_users(stack, path):
    assert Client(stack.base_url).request("OPTIONS", f"secrets/{path}/").status_code == 403


@pytest.mark.parametrize(
    ("path", "field", "label"),
    [
        ("tenancy/tenants/", "slug", "tenant with this slug"),
        ("ipam/vrfs/", "rd", "VRF with this Route distinguisher"),
    ],
)
def test_a_value_that_is_taken_is_named(api, path, field, label):
    body = {"name": "Taken", "slug": "taken", "rd": "65000:9"}
    made = api.make(path, **body)
    noun = label.split()[0]
    taken = f"{label} already exists. It is taken by {noun} {made['id']} (Taken)."
    assert api.post(path, body)[1][field] == [taken]
    twice = api.post(path, [{**body, field: "twice"}, {**body, field: "twice"}])[1]
    assert twice[1][field][0].endswith(" Another object of this request has it.")
    api.delete(f"{path}{made['id']}/")


def test_a_form_gives_a_list_of_one(api):
    site = api.make("dcim/sites/", name="Form", slug="form")
    rack = api.make("dcim/racks/", name="form", site=site["id"])
    form = {"rack": rack["id"], "user": 1, "description": "by form", "units": "7"}
    status, reservation = api.call("POST", "dcim/rack-reservations/", data=form)
    assert (status, reservation["units"]) == (201, [7]), reservation
    for path in (f"rack-reservations/{reservation['id']}", f"racks/{rack['id']}", f"sites/{site['id']}"):
        assert api.delete(f"dcim/{path}/")[0] == 204


@pytest.mark.parametrize("pk", [1, 999999999, "abc"])
def test_a_verb_that_means_nothing_is_not_allowed_whatever_the_id(api, pk):
    assert api.call("DELETE", f"extras/recent-activity/{pk}/")[0] == 405
    assert api.post(f"dcim/sites/{pk}/", {})[0] == 405


@pytest.mark.parametrize(
    ("path", "name", "allowed"),
    [
        ("", "API Root", "GET, HEAD, OPTIONS"),
        ("dcim/", "DCIM", "GET, HEAD, OPTIONS"),
        ("circuits/", "Circuits", "GET, HEAD, OPTIONS"),
        ("users/", "Users", "GET, HEAD, OPTIONS"),
        ("dcim/_choices/", "Field Choices", "GET, HEAD, OPTIONS"),
        ("ipam/_choices/prefix:status/", "Field Choices", "GET, HEAD, OPTIONS"),
        ("dcim/connected-device/", "Connected Device Locator", "GET, HEAD, OPTIONS"),
        ("extras/reports/", "Report List", "GET, HEAD, OPTIONS"),
        ("secrets/get-session-key/", "Get Session Key List", "POST, OPTIONS"),
        ("secrets/generate-rsa-key-pair/", "Generate RSA Key Pair", "GET, HEAD, OPTIONS"),
        ("search/", "Search", "GET, HEAD, OPTIONS"),
    ],
)
def test_options_describes_what_is_no_resource(api, path, name, allowed):
    reply = api.request("OPTIONS", path)
    assert (reply.status_code, reply.headers["Allow"]) == (200, allowed)
    told = reply.json()
    assert told.keys() == {"name", "description", "renders", "parses"}
    assert told["name"] == name
    assert told["renders"] == ["application/json", "text/html"]
    assert told["parses"] == ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]


def test_links_carry_on_the_format_that_the_query_asked_for(api):
    for number in (1, 2):
        group = api.make("tenancy/tenant-groups/", name=f"Carried {number}", slug=f"carried-{number}")
    told = '"url": "http://not.ours/api/"'
    tenant = api.make("tenancy/tenants/", name="Carried", slug="carried", group=group["id"], description=told)
    here = f"{api.base_url}/api/tenancy"
    assert api.get("", format="json")[1]["tenancy"] == f"{here}/?format=json"
    assert api.get("tenancy/", format="json")[1]["tenants"] == f"{here}/tenants/?format=json"
    shown = api.get(f"tenancy/tenants/{tenant['id']}/", format="json")[1]
    assert shown["url"] == f"{here}/tenants/{tenant['id']}/?format=json"
    assert shown["group"]["url"] == f"{here}/tenant-groups/{group['id']}/?format=json"
    assert shown["description"] == told
    page = api.get("tenancy/tenant-groups/", format="json", limit=1)[1]
    assert page["next"] == f"{here}/tenant-groups/?format=json&limit=1&offset=1"
    assert page["results"][0]["url"].endswith("/?format=json")
    assert api.get(f"tenancy/tenants/{tenant['id']}/")[1]["url"] == f"{here}/tenants/{tenant['id']}/"


@pytest.mark.parametrize("indent", [1, 4])
@pytest.mark.parametrize("path", ["", "tenancy/", "tenancy/tenants/", "tenancy/tenants/{id}/", "tenancy/_choices/"])
def test_a_reply_is_indented_as_asked_for(api, path, indent):
    tenant = (api.results("tenancy/tenants/") or [api.make("tenancy/tenants/", name="Indent", slug="indent")])[0]
    reply = api.request("GET", path.format(id=tenant["id"]), headers={"Accept": f"application/json; indent={indent}"})
    assert reply.text == json.dumps(reply.json(), indent=indent, ensure_ascii=False)


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "", 200, "GET, HEAD, OPTIONS"),
        ("GET", "dcim/sites/", 200, "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ("PUT", "dcim/sites/", 405, "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ("FOO", "dcim/sites/", 405, "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ("GET", "dcim/sites/999999/", 404, "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ("POST", "dcim/racks/1/units/", 405, "GET, HEAD, OPTIONS"),
        ("OPTIONS", "dcim/racks/1/units/", 200, "GET, HEAD, OPTIONS"),
        ("DELETE", "ipam/prefixes/1/available-ips/", 405, "GET, POST, HEAD, OPTIONS"),
        ("POST", "dcim/_choices/", 405, "GET, HEAD, OPTIONS"),
        ("GET", "secrets/get-session-key/", 405, "POST, OPTIONS"),
        ("DELETE", "extras/recent-activity/", 405, "GET, HEAD, OPTIONS"),
        ("GET", "dcim/nothing/", 404, None),
        ("GET", "nothing/", 404, None),
    ],
)
def test_every_reply_says_what_is_allowed(api, method, path, status, allowed):
    reply = api.request(method, path)
    assert (reply.status_code, reply.headers.get("Allow")) == (status, allowed)
