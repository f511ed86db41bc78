"""Pages of the API, as a browser without script gets them."""

import re
from io import BytesIO

import pytest
from markupsafe import escape
from PIL import Image

from tests.web.conftest import PASSWORD, Person


def test_a_browser_gets_a_page_and_a_program_json(somebody, api):
    page = somebody.get("/api/dcim/sites/")
    assert page.headers["Content-Type"].startswith("text/html")
    assert api.request("GET", "dcim/sites/").headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["/api/", "/api/dcim/", "/api/dcim/regions/", "/api/search/?q=a", "/api/docs/"])
def test_no_page_has_a_script_or_style_of_its_own(somebody, path):
    page = somebody.get(path)
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page.text)


def test_what_users_entered_is_escaped(api, somebody):
    name = "<script>alert(1)</script>"
    region = api.make("dcim/regions/", name=name, slug="escaped")
    for path in ("/api/dcim/regions/", f"/api/dcim/regions/{region['id']}/", f"/api/search/?q={name}"):
        assert name not in somebody.get(path).text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in somebody.get(path).text


@pytest.mark.parametrize(
    ("accept", "query", "status"),
    [
        ("application/xml", "", 406),
        ("application/json; version=1.0", "", 406),
        ("application/json; version=2.3", "", 200),
        ("text/html", "?format=json", 200),
        ("*/*", "?format=xml", 404),
    ],
)
def test_the_form_of_a_reply_is_negotiated(api, accept, query, status):
    reply = api.request("GET", f"dcim/regions/{query}", headers={"Accept": accept})
    assert (reply.status_code, reply.headers["Content-Type"]) == (status, "application/json")


def test_json_is_asked_for_by_suffix(api):
    assert api.get("dcim/regions.json")[0] == 200
    assert api.get("dcim/.json")[1].keys() == api.get("dcim/")[1].keys()


def test_filters_take_names_with_ids_and_drop_blanks(somebody):
    reply = somebody.get("/api/dcim/sites/?region_id=Europe+%237&name=&status=1", allow_redirects=False)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/api/dcim/sites/?region_id=7&status=1")


def test_references_are_searched_in_their_list(api, somebody):
    made = api.make("tenancy/tenants/", name="Searched Tenant", slug="searched")
    options = somebody.get("/options/api/tenancy/tenants/?tenant=searched+t").text
    assert f'value="Searched Tenant #{made["id"]}"' in options


def test_forms_are_for_those_who_may(somebody, person):
    assert 'name="_method"' not in Person(somebody.base_url).get("/api/dcim/regions/").text
    assert 'name="_method" value="POST"' in person.get("/api/dcim/regions/").text


def test_a_form_creates_changes_and_deletes(api, person):
    made = person.send("/api/dcim/regions/", _method="POST", name="Formed", slug="formed")
    path = made.headers["Location"]
    assert made.status_code == 303
    assert person.send(path, _method="PATCH", name="Reformed", slug="formed", parent="").status_code == 303
    assert api.get(path.removeprefix("/api/"))[1]["name"] == "Reformed"
    assert person.send(path, _method="DELETE").headers["Location"] == "/api/dcim/regions/"
    assert api.get(path.removeprefix("/api/"))[0] == 404


def test_a_refused_form_keeps_what_was_filled_in_and_names_the_field(person):
    page = person.send("/api/dcim/regions/", _method="POST", name="Kept", slug="no slug")
    assert page.status_code == 400
    assert 'value="Kept"' in page.text
    assert re.search(r'name="slug" aria-invalid="true" aria-describedby="(post-slug-error1)"', page.text)


def test_refused_json_is_kept_and_says_why(api, person):
    typed = '[{"name": "Right", "slug": "right"}, {"name": "Wrong", "slug": "not a slug"}]'
    page = person.send("/api/dcim/regions/", _method="POST", _json=typed)
    assert page.status_code == 400
    assert escape(typed) in page.text and "Enter a valid" in page.text
    assert "JSON parse error" in person.send("/api/dcim/regions/", _method="POST", _json="{oops").text
    assert api.results("dcim/regions/", slug="right") == []


def test_saving_a_form_leaves_line_ends_as_they_are(api, person):
    site = api.make("dcim/sites/", name="Lines", slug="lines", comments="one\ntwo")
    path = f"/api/dcim/sites/{site['id']}/"
    filled = {"name": "Lines", "slug": "lines", "status": "1", "comments": "one\r\ntwo"}
    assert person.send(path, _method="PATCH", **filled).status_code == 303
    assert api.get(path.removeprefix("/api/"))[1]["comments"] == "one\ntwo"


def test_a_device_type_that_is_neither_parent_nor_child_is_saved(api, person):
    maker = api.make("dcim/manufacturers/", name="Neither", slug="neither")
    kind = api.make("dcim/device-types/", manufacturer=maker["id"], model="Neither", slug="neither")
    filled = {"manufacturer": f"Neither #{maker['id']}", "model": "Neither", "slug": "neither", "u_height": "1"}
    reply = person.send(
        f"/api/dcim/device-types/{kind['id']}/", _method="PATCH", interface_ordering="1", subdevice_role="", **filled
    )
    assert reply.status_code == 303


def test_a_picture_is_uploaded(api, person):
    site = api.make("dcim/sites/", name="Photographed", slug="photographed")
    page = "/api/extras/image-attachments/"
    assert 'type="file"' in person.get(page).text and "multipart/form-data" in person.get(page).text
    sent = {"_csrf": person.csrf(page), "_method": "POST", "content_type": "dcim.site", "object_id": site["id"]}
    picture = BytesIO()
    Image.new("RGB", (3, 2)).save(picture, "PNG")
    files = {"image": ("rack.png", picture.getvalue())}
    reply = person.session.post(person.base_url + page, data=sent, files=files, timeout=60, allow_redirects=False)
    assert reply.status_code == 303
    made = api.get(reply.headers["Location"].removeprefix("/api/"))[1]
    assert (made["parent"]["id"], made["image_width"]) == (site["id"], 3)


def test_an_address_is_allocated_in_a_form(api, person):
    prefix = api.make("ipam/prefixes/", prefix="203.0.113.0/29")
    reply = person.send(f"/api/ipam/prefixes/{prefix['id']}/available-ips/", _method="POST", description="formed")
    made = api.get(reply.headers["Location"].removeprefix("/api/"))[1]
    assert (made["address"], made["description"]) == ("203.0.113.1/29", "formed")


def test_lists_are_filtered_by_custom_fields(api, person):
    hall = {"obj_type": ["dcim.site"], "type": 600, "choices": [{"value": "North hall"}]}
    api.make("extras/custom-fields/", name="hall", **hall)
    api.make("extras/custom-fields/", name="unfiltered", obj_type=["dcim.site"], filter_logic=0)
    page = person.get("/api/dcim/sites/").text
    assert re.search(r'<select [^>]*name="cf_hall".*?North hall', page, re.DOTALL)
    assert 'name="cf_unfiltered"' not in page and 'name="cursor"' not in page
    assert 'name="cf_hall"' not in person.get("/api/dcim/regions/").text


def test_what_is_not_there_has_no_forms(person):
    for path in ("/api/dcim/sites/999999/", "/api/dcim/sites/abc/"):
        page = person.get(path)
        assert page.status_code == 404 and 'name="_method"' not in page.text


def test_what_is_copied_asks_for_no_page(person):
    page = person.get("/api/dcim/regions/?format=api&name=a&limit=5").text
    assert (
        "/api/dcim/regions/?name=a&amp;limit=5" in page
        and "format=api" not in page.split('id="request"')[1].split("</section>")[0]
    )


def test_a_suffix_asks_for_json_whoever_asks(person):
    assert person.get("/api/dcim/regions.json").headers["Content-Type"] == "application/json"


def test_only_lists_of_the_api_have_options(person):
    assert person.get("/options/elsewhere").status_code == person.get("/options/api/dcim/sites/1/").status_code == 404


def test_a_preview_shows_the_request_and_sends_nothing(api, person):
    page = person.send("/api/dcim/regions/", _method="POST", _do="preview", name="Previewed", slug="previewed")
    assert "nb.dcim.regions.create(" in page.text
    assert api.results("dcim/regions/", slug="previewed") == []


def test_what_cannot_be_deleted_says_why(api, person):
    tenant = api.make("tenancy/tenants/", name="Needed", slug="needed")
    site = api.make("dcim/sites/", name="Needs a tenant", slug="needs", tenant=tenant["id"])
    page = person.send(f"/api/tenancy/tenants/{tenant['id']}/", _method="DELETE")
    assert page.status_code == 409
    assert "<h2>Not deleted</h2>" in page.text and "<b>DELETE</b>" in page.text
    assert '<p class="error">This tenant is still referred to.</p>' in page.text
    assert f'<li><a href="/api/dcim/sites/{site["id"]}/">Site Needs a tenant</a></li>' in page.text
    assert "&#34;dependents&#34;" not in page.text and '"dependents"' not in page.text


def test_what_stands_in_the_way_is_a_link_at_the_field(api, person):
    there = api.make("dcim/sites/", name="Taken", slug="taken")
    page = person.send("/api/dcim/sites/", _method="POST", name="Taken", slug="taken-too", status="1")
    error = re.search(r'<p class="error" id="post-name-error1">(.*?)</p>', page.text)[1]
    assert f'It is taken by <a href="/api/dcim/sites/{there["id"]}/">site {there["id"]} (Taken)</a>' in error


def test_a_message_with_markup_of_a_user_stays_text(api, person):
    api.make("dcim/sites/", name="<i>taken</i>", slug="taken-italic")
    page = person.send("/api/dcim/sites/", _method="POST", name="<i>taken</i>", slug="other", status="1")
    assert page.status_code == 400 and "<i>" not in page.text


def test_what_is_wrong_with_json_is_said_object_by_object(api, person):
    api.make("dcim/regions/", name="There", slug="there")
    sent = '[{"name": "A", "slug": "a"}, {"name": "B", "slug": "there"}, {"name": "C"}]'
    page = person.send("/api/dcim/regions/", _method="POST", _json=sent)
    assert page.status_code == 400 and "<b>POST</b>" in page.text
    assert '<p class="error">Object 3: Slug: This field is required.</p>' in page.text
    assert "Object 2: Slug: region with this slug already exists." in page.text


def test_a_refused_reply_is_a_sentence(person):
    page = person.get("/api/dcim/sites/999999/")
    assert page.status_code == 404 and '<p class="error">Not found.</p>' in page.text


def test_a_page_that_is_not_there_is_a_page(somebody):
    page = somebody.get("/api/nothing/here/")
    assert page.status_code == 404
    assert page.headers["Content-Type"].startswith("text/html")


def test_search_finds_things_of_every_service(api):
    site = api.make("dcim/sites/", name="Findable One", slug="findable")
    tenant = api.make("tenancy/tenants/", name="Findable Two", slug="findable")
    status, reply = api.get("search/", q="findable")
    assert (status, reply["unavailable"]) == (200, [])
    assert [(each["type"], each["id"]) for each in reply["results"]] == [
        ("dcim.site", site["id"]),
        ("tenancy.tenant", tenant["id"]),
    ]


def test_an_elevation_is_drawn_with_links_or_listed(api):
    role = api.make("dcim/device-roles/", name="Drawn <role>", slug="drawn", color="ffffff")
    maker = api.make("dcim/manufacturers/", name="Drawn", slug="drawn")
    kind = api.make("dcim/device-types/", manufacturer=maker["id"], model="Drawn", slug="drawn", u_height=2)
    site = api.make("dcim/sites/", name="Drawn", slug="drawn")
    rack = api.make("dcim/racks/", name="Drawn", site=site["id"], u_height=4)
    place = {"site": site["id"], "rack": rack["id"], "position": 1, "face": 0}
    device = api.make("dcim/devices/", name="<b>drawn</b>", device_type=kind["id"], device_role=role["id"], **place)
    front = api.request("GET", f"dcim/racks/{rack['id']}/elevation/?face=0")
    assert front.headers["Content-Type"].startswith("image/svg+xml")
    assert f'/api/dcim/devices/{device["id"]}/"' in front.text
    assert "&lt;b&gt;drawn&lt;/b&gt;" in front.text and "<b>" not in front.text
    units = f"dcim/racks/{rack['id']}/units/"
    elevation = api.request("GET", units.replace("units", "elevation"), headers={"Accept": "application/json"})
    assert elevation.json()["results"] == api.results(units)
    assert api.request("GET", f"dcim/racks/{rack['id']}/elevation/?face=9").status_code == 400
    assert api.request("GET", "dcim/racks/999999/elevation/").status_code == 404


def test_the_use_of_a_prefix_is_drawn(api):
    prefix = api.make("ipam/prefixes/", prefix="198.18.100.0/29")
    api.post("ipam/ip-addresses/", [{"address": f"198.18.100.{host}/29"} for host in (1, 2, 3)])
    assert "50% used" in api.request("GET", f"ipam/prefixes/{prefix['id']}/utilization/").text


def test_passwords_are_typed_not_shown(person, administrator):
    page = person.get("/api/users/users/").text
    assert PASSWORD not in page
    assert 'type="password"' in page


def test_the_key_of_a_token_is_shown_once(api, person):
    page = person.send("/api/users/tokens/", _method="POST", description="shown once", write_enabled="true")
    key = re.search(r'class="key">([0-9a-f]{40})<', page.text)[1]
    assert type(api)(api.base_url, key).get("users/tokens/")[0] == 200
    assert key not in person.get("/api/users/tokens/").text


def test_a_long_list_has_all_its_rows_and_the_beginning_of_its_json(api):
    made = [{"name": f"Long list {number}", "slug": f"long-list-{number}"} for number in range(60)]
    assert api.post("dcim/regions/", made)[0] == 201
    page = api.request("GET", "dcim/regions/", params={"q": "Long list", "limit": 100}, headers={"Accept": "text/html"})
    assert "Content-Length" not in page.headers  # it is sent as it is written
    table, json = page.text.split('id="reply"')
    assert len(set(re.findall(r"Long list \d+", table))) == 60
    assert json.count("long-list-") == 50 and "10 more objects are left out" in json
    assert "/api/dcim/regions/?q=Long+list&amp;limit=100&amp;format=json" in json
