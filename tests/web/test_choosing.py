"""How objects that are referred to are chosen in forms and filters: by names, among many."""

import re
from html import unescape

import pytest

VIRTUAL = 0


@pytest.fixture(scope="module")
def switches(api):
    """Two devices at two sites, each with more interfaces than a page shows, of the same names."""
    maker = api.make("dcim/manufacturers/", name="Chosen", slug="chosen")
    kind = api.make("dcim/device-types/", manufacturer=maker["id"], model="Chosen", slug="chosen")
    role = api.make("dcim/device-roles/", name="Chosen", slug="chosen", color="607d8b")
    made = []
    for name in ("chosen-a", "chosen-b"):
        site = api.make("dcim/sites/", name=f"Site of {name}", slug=f"site-of-{name}")
        rack = api.make("dcim/racks/", name="The rack", site=site["id"])
        given = {"device_type": kind["id"], "device_role": role["id"], "site": site["id"]}
        device = api.make("dcim/devices/", name=name, **given)
        named = [{"device": device["id"], "name": f"Chosen{number}", "form_factor": 1000} for number in range(600)]
        assert api.post("dcim/interfaces/", named)[0] == 201
        made.append((site, rack, device))
    return made


def offered(person, target: str, **filled: str) -> list[str]:
    page = person.get(f"/options/api/{target}", params=filled).text
    return [unescape(text) for text in re.findall(r'<option value="([^"]+)"', page)]


def interface(api, device: dict, name: str) -> dict:
    return api.results("dcim/interfaces/", device_id=device["id"], name=name)[0]


def test_one_of_very_many_is_found_by_its_name_and_what_it_is_part_of(api, person, switches):
    found = {
        device["name"]: f"Chosen599 · {device['name']} #{interface(api, device, 'Chosen599')['id']}"
        for _, _, device in switches
    }
    assert offered(person, "dcim/interfaces/", **{"for": "x", "x": "Chosen599"}) == list(found.values())
    assert offered(person, "dcim/interfaces/", **{"for": "x", "x": "b chosen599"}) == [found["chosen-b"]]


def test_what_the_form_has_already_narrows_what_is_offered(person, switches):
    site, rack, _ = switches[1]
    filled = {"for": "rack", "rack": "rack", "site": f"{site['name']} #{site['id']}"}
    assert offered(person, "dcim/racks/", **filled) == [f"The rack · {site['name']} #{rack['id']}"]
    assert len(offered(person, "dcim/racks/", **{"for": "rack", "rack": "The rack"})) == 2


def test_a_name_that_means_one_object_is_taken(api, person, switches):
    site, rack, device = switches[0]
    path = f"/api/dcim/devices/{device['id']}/"
    named = {"device_type": "Chosen", "device_role": "chosen", "site": site["name"], "rack": "the rack", "status": "1"}
    assert person.send(path, _method="PATCH", name=device["name"], **named).status_code == 303
    assert api.get(path.removeprefix("/api/"))[1]["rack"]["id"] == rack["id"]


def test_a_name_that_means_several_is_asked_back_for_and_nothing_is_saved(api, person, switches):
    filled = {"_method": "POST", "address": "192.0.2.77/32", "interface": "Chosen7", "status": "1"}
    page = person.send("/api/ipam/ip-addresses/", **filled)
    assert page.status_code == 400
    assert api.results("ipam/ip-addresses/", address="192.0.2.77/32") == []
    wanted = f"Chosen7 · chosen-b #{interface(api, switches[1][2], 'Chosen7')['id']}"
    choosing = re.search(r'<select class="pick" name="pick-interface".*?</select>', page.text, re.DOTALL)[0]
    assert wanted in unescape(choosing)
    made = person.send("/api/ipam/ip-addresses/", **filled, **{"pick-interface": wanted})
    assert made.status_code == 303
    assert api.results("ipam/ip-addresses/", address="192.0.2.77/32")[0]["interface"]["name"] == "Chosen7"


def test_a_name_that_means_nothing_says_so_at_its_field(person):
    page = person.send("/api/dcim/racks/", _method="POST", name="Nowhere", site="No such site")
    assert page.status_code == 400
    assert re.search(r'id="post-site-error1">Nothing is called so', page.text)


def test_a_filter_takes_a_name_as_well(person, switches):
    site = switches[0][0]
    reply = person.get("/api/dcim/racks/?site_id=Site of chosen-a", allow_redirects=False)
    assert reply.headers["Location"] == f"/api/dcim/racks/?site_id={site['id']}"
    assert person.get("/api/dcim/racks/?site_id=null", allow_redirects=False).status_code == 200


def test_no_more_is_offered_than_the_user_may_see(api, somebody, person):
    user = api.make("users/users/", username="unseen", password="correct horse battery")
    assert offered(person, "users/users/", **{"for": "user", "user": "unseen"}) == [f"unseen #{user['id']}"]
    assert offered(type(somebody)(somebody.base_url), "users/users/", **{"for": "user", "user": "unseen"}) == []
