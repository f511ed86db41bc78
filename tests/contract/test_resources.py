"""The contract that every resource keeps: all verbs, pages, filters and faces, from its declaration alone."""

import pytest

from tests.client import Client
from tests.factories import BY_LABEL, NOT_BY_JSON, RESOURCES, Factory, required, url

WRITABLE = sorted(
    label for label, resource in BY_LABEL.items() if "POST" in resource.methods and label not in NOT_BY_JSON
)
LISTS = [f"{resource.app}/{resource.path}/" for resource in RESOURCES]
NO_ID = 2**31 - 1


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


@pytest.fixture(params=WRITABLE)
def label(request) -> str:
    return request.param


def test_an_object_lives_from_post_to_delete(api, factory, label):
    created = factory.make(label)
    path = f"{url(label)}{created['id']}/"
    assert created.keys() >= BY_LABEL[label].schemas()[1]().dump_fields.keys()
    assert created["url"] == f"{api.base_url}/api/{path}"

    status, read = api.get(path)
    assert status == 200
    assert read.keys() >= BY_LABEL[label].schemas()[0]().dump_fields.keys()
    assert read in api.results(url(label), id=created["id"])

    status, patched = api.patch(path, {})
    assert status == 200
    assert patched["id"] == created["id"]
    assert api.get(path)[1].keys() == read.keys()

    assert api.delete(path) == (204, None)
    assert api.get(path)[0] == api.delete(path)[0] == api.patch(path, {})[0] == 404


def test_put_takes_what_it_answers(api, factory, label):
    body = factory.body(label)
    path = f"{url(label)}{api.make(url(label), **body)['id']}/"
    status, replaced = api.put(path, body)
    assert status == 200
    assert {name: replaced[name] for name in body if name in replaced} == {
        name: value for name, value in api.put(path, replaced | body)[1].items() if name in body and name in replaced
    }


def test_post_and_put_name_every_field_that_is_missing(api, factory, label):
    missing = set(required(BY_LABEL[label]))
    if not missing:
        pytest.skip("nothing is required")
    status, errors = api.post(url(label), {})
    assert status == 400
    assert errors.keys() >= missing
    path = f"{url(label)}{factory.make(label)['id']}/"
    assert api.put(path, {})[0] in (200, 400)


def test_a_list_is_created_wholly_or_not_at_all(api, factory, label):
    bodies = [factory.body(label), factory.body(label)]
    status, created = api.post(url(label), bodies)
    assert status == 201
    assert len(created) == 2

    before = api.get(url(label))[1]["count"]
    status, errors = api.post(url(label), [factory.body(label), 7])
    assert (status, errors[0]) == (400, {})
    assert errors[1]["non_field_errors"]
    assert api.get(url(label))[1]["count"] == before
    assert api.post(url(label), []) == (201, [])


def test_each_field_refuses_null_characters_and_objects(api, factory, label):
    path = f"{url(label)}{factory.make(label)['id']}/"
    for name, attribute in BY_LABEL[label].attributes.items():
        if attribute.field.dump_only or name == "custom_fields":
            continue
        for wrong in ({"no": "object"}, "\x00"):
            status, errors = api.patch(path, {name: wrong})
            assert status == 400, (name, wrong, errors)
            assert name in errors or "non_field_errors" in errors, (name, errors)


def test_what_is_read_only_is_ignored(api, factory, label):
    path = f"{url(label)}{factory.make(label)['id']}/"
    before = api.get(path)[1]
    writable = BY_LABEL[label].schemas()[2]().load_fields
    sent = {name: "1" for name in before if name not in writable}
    assert api.patch(path, sent | {"no_such_field": 1})[0] == 200
    after = api.get(path)[1]
    assert {n: v for n, v in after.items() if n != "last_updated"} == {
        n: v for n, v in before.items() if n != "last_updated"
    }


def test_a_body_that_is_no_object_is_refused(api, factory, label):
    path = f"{url(label)}{factory.make(label)['id']}/"
    for wrong in ([], [{}], "text", 5, None):
        assert api.request("PATCH", path, json=wrong).status_code == 400 or wrong is None
    assert api.request("PATCH", path, data=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert api.request("PATCH", path, data=b"<a/>", headers={"Content-Type": "text/xml"}).status_code == 415


@pytest.mark.parametrize(
    ("label", "name"),
    [("circuits.circuit", "commit_rate"), ("circuits.circuit", "install_date"), ("ipam.ipaddress", "role")],
)
def test_blank_is_null_in_a_form_but_no_number_date_or_choice(api, factory, label, name):
    path = f"{url(label)}{factory.make(label)['id']}/"
    status, errors = api.patch(path, {name: ""})
    assert (status, list(errors)) == (400, [name])
    assert api.patch(path, {name: None})[0] == api.call("PATCH", path, data={name: ""})[0] == 200
    assert api.get(path)[1][name] is None


def test_only_those_who_may_write_do(stack, factory, label):
    anonymous = Client(stack.base_url)
    path = f"{url(label)}{factory.make(label)['id']}/"
    for verb, where in (("POST", url(label)), ("PUT", path), ("PATCH", path), ("DELETE", path)):
        status, reply = anonymous.call(verb, where, {})
        assert status == 403
        assert reply["detail"]


@pytest.mark.parametrize("path", LISTS)
def test_pages_link_to_each_other(api, path):
    status, page = api.get(path, limit=1, offset=1)
    assert status == 200
    assert page.keys() == {"count", "next", "previous", "results"}
    assert page["previous"] == f"{api.base_url}/api/{path}?limit=1"
    assert (page["next"] is None) == (page["count"] <= 2)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: f"{resource.app}/{resource.path}")
def test_filters_ignore_blanks_and_match_nothing_with_nonsense(api, resource):
    path = f"{resource.app}/{resource.path}/"
    everything = api.get(path)[1]["count"]
    for name, filter_ in resource.filter_table.items():
        assert api.get(path, **{name: ""})[1]["count"] == everything, name
        assert api.get(path, **{name: ["", " "]})[1]["count"] == everything, name
        for nonsense in ("\x00", "no-such-thing", "9" * 40, "-1.5", "'\"%_\\", "☃"):
            status, page = api.get(path, **{name: nonsense})
            if filter_.strict:
                nothing = nonsense == "\x00" and page.get("count") == 0  # which no text of the database has
                assert (status, [*page]) == (400, [name]) or nothing, nonsense
                continue
            assert status == 200, (name, nonsense, page)
            if filter_.kind != "boolean":
                assert page["count"] == 0 or nonsense in ("-1.5",), (name, nonsense)
        assert api.get(path, **{name: ["no-such-thing", "null", "0"]})[0] == (400 if filter_.strict else 200), name


@pytest.mark.parametrize("path", LISTS)
def test_unknown_objects_and_verbs_are_told_apart(api, path):
    for wrong in ("0", str(NO_ID), "9" * 30, "abc", "-1", "1.0"):
        assert api.get(f"{path}{wrong}/") == (404, {"detail": "Not found."})
    for verb in ("PUT", "PATCH", "DELETE"):
        status, refused = api.call(verb, path, {})
        assert (status, refused["detail"].startswith(f'Method "{verb}" not allowed')) == (405, True)
    redirect = api.request("GET", path.rstrip("/"))
    assert redirect.status_code == 308
    assert redirect.headers["Location"].endswith(f"/api/{path}")
