"""What GET returned is a good body for PUT and PATCH, for every type, and changes nothing."""

import pytest

from tests.factories import BY_LABEL, NOT_BY_JSON, Factory, url

WRITABLE = sorted(
    label for label, each in BY_LABEL.items() if {"POST", "PUT"} <= {*each.methods} and label not in NOT_BY_JSON
)
# What reads differently after any save.
MOVING = ("last_updated", "last_login")
# What only a write has: a user's password, which a PUT has to name.
WRITE_ONLY = {"users.user": {"password": "a password"}}


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


def still(face: dict) -> dict:
    return {name: value for name, value in face.items() if name not in MOVING}


@pytest.mark.parametrize("label", WRITABLE)
def test_what_is_read_can_be_written(api, factory, label):
    path = f"{url(label)}{factory.filled(label)}/"
    read = api.get(path)[1]
    for write, body in ((api.patch, read), (api.put, read | WRITE_ONLY.get(label, {}))):
        status, reply = write(path, body)
        assert status == 200, reply
        assert still(api.get(path)[1]) == still(read)
    for name in read:
        status, reply = api.patch(path, {name: read[name]})
        assert status == 200, (name, reply)
    assert still(api.get(path)[1]) == still(read)


def test_references_and_choices_can_be_written_as_they_are_read(api, factory):
    site = factory.make("dcim.site", region=factory.make("dcim.region")["id"], status=2)
    other = api.get(f"dcim/sites/{factory.make('dcim.site')['id']}/")[1]
    path = f"dcim/sites/{site['id']}/"
    read = api.get(path)[1]
    assert api.patch(path, {"status": {"value": 4, "label": "Retired"}, "region": other["region"]})[0] == 200
    assert (api.get(path)[1]["status"]["value"], api.get(path)[1]["region"]) == (4, None)
    assert api.patch(path, {"status": read["status"], "region": read["region"]})[0] == 200
    assert still(api.get(path)[1]) == still(read)
    assert api.patch(path, {"region": {"slug": "x"}})[1] == {
        "region": ['Related object not found using the provided attributes: {"slug": "x"}']
    }
    assert api.patch(path, {"status": {"label": "Active"}})[0] == 400
    assert api.patch(path, {"region": {"id": {"id": 1}}})[0] == 400
