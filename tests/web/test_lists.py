"""Getting about: the start page, the menu, and what can be done with a list."""

import re
from datetime import datetime
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest

from tests.running import eventually
from tests.web.conftest import Person


@pytest.fixture
def regions(api):
    """Three regions of this test alone, with the query that lists them."""
    names = ("Sorted B", "Sorted A", "Sorted C")
    made = [api.make("dcim/regions/", name=name, slug=name.lower().replace(" ", "-")) for name in names]
    yield made
    for each in made:
        api.delete(f"dcim/regions/{each['id']}/")


def shown(page: str) -> list[str]:
    return re.findall(r">(Sorted [ABC])</a>", page.split("<tbody>")[1].split("</tbody>")[0])


def test_the_start_page_tells_numbers_and_what_was_changed(api, person):
    tenant = api.make("tenancy/tenants/", name="Counted", slug="counted")
    number = api.get("tenancy/tenants/")[1]["count"]
    assert f'<a href="/api/tenancy/tenants/">Tenants</a> <span>{number}</span>' in person.get("/").text
    link = f'<a href="/api/tenancy/tenants/{tenant["id"]}/">Counted</a>'
    eventually(lambda: link in person.get("/").text, "what was changed is on the start page")


def test_nobody_is_told_the_number_of_what_he_may_not_see(somebody):
    page = Person(somebody.base_url).get("/").text
    assert '<a href="/api/dcim/sites/">Sites</a> <span>' in page
    assert '<a href="/api/users/tokens/">Tokens</a> <span>' not in page


def test_every_page_has_a_menu_of_all_lists(person):
    for path in ("/", "/admin/", "/api/dcim/sites/", "/api/search/?q=a"):
        menu = person.get(path).text.split('class="menu"')[1].split("</details>")[0]
        assert 'href="/api/ipam/vrfs/">VRFs</a>' in menu and 'href="/api/virtualization/clusters/"' in menu


def test_a_list_is_sorted_by_a_column_and_back(person, regions):
    page = person.get("/api/dcim/regions/?q=Sorted").text
    link = re.search(r'href="([^"]+)">Name</a>', page)[1].replace("&amp;", "&")
    sorted_page = person.get(link).text
    assert shown(sorted_page) == ["Sorted A", "Sorted B", "Sorted C"] and 'aria-sort="ascending"' in sorted_page
    back = re.search(r'href="([^"]+)">Name</a>', sorted_page)[1].replace("&amp;", "&")
    assert shown(person.get(back).text) == ["Sorted C", "Sorted B", "Sorted A"]


def test_a_column_is_a_link_only_where_the_list_has_such_an_order(api, person, administrator):
    account = api.results("users/users/", username=administrator)[0]["id"]
    pair = api.get("secrets/generate-rsa-key-pair/")[1]
    key = api.make("secrets/user-keys/", user=account, public_key=pair["public_key"])
    try:
        for path in ("secrets/user-keys/", "extras/object-changes/", "extras/recent-activity/", "users/users/"):
            head = person.get(f"/api/{path}").text.split("<thead>")[1].split("</thead>")[0]
            links = [unescape(each) for each in re.findall(r'href="([^"]+)"', head)]
            assert links and not any("is_active" in each for each in links if "user-keys" in each)
            for each in links:
                assert person.get(each).status_code == 200, each
    finally:
        assert api.delete(f"secrets/user-keys/{key['id']}/")[0] == 204


def test_a_list_is_sorted_by_what_a_reference_is_called(api, person, regions):
    for place, parent in ((0, regions[2]), (1, regions[0])):
        assert api.patch(f"dcim/regions/{regions[place]['id']}/", {"parent": parent["id"]})[0] == 200
    page = person.get("/api/dcim/regions/?q=Sorted&_columns=name&_columns=parent").text
    link = unescape(re.search(r'href="([^"]+)">Parent</a>', page)[1])
    found = person.get(link).text
    assert 'aria-sort="ascending"' in found
    # The names of their parents are Sorted B, Sorted C and none.
    assert re.findall(r'/">(Sorted [ABC])</a></td><td>', found) == ["Sorted A", "Sorted B", "Sorted C"]
    for each in (regions[1], regions[0]):
        api.patch(f"dcim/regions/{each['id']}/", {"parent": None})


def test_columns_are_chosen(person, regions):
    page = person.get("/api/dcim/regions/?q=Sorted&_columns=slug&_columns=parent").text
    assert re.findall(r"<th scope=\"col\"[^>]*>(?:<a[^>]*>)?(\w+)", page.split("<tbody>")[0]) == [
        "ID",
        "Slug",
        "Parent",
    ]
    assert "_columns" not in page.split('id="request"')[1].split("</section>")[0]


def test_to_search_chooses_no_columns_and_to_choose_them_searches_on(person, regions):
    page = person.get("/api/dcim/regions/?q=Sorted").text
    filters, columns = (page.split(f'id="{name}"')[1].split("</form>")[0] for name in ("filters", "columns"))
    assert "_columns" not in filters and '<input type="hidden" name="q" value="Sorted">' in columns
    chosen = person.get("/api/dcim/regions/?q=Sorted&_columns=slug&_columns=name").text
    assert '<input type="hidden" name="_columns" value="slug">' in chosen.split('id="filters"')[1].split("</form>")[0]
    links = dict(re.findall(r'<a href="/api/dcim/regions/(\d+)/">(Sorted [ABC])</a>', chosen))
    assert links == {str(each["id"]): each["name"] for each in regions}


def submitted(page: str, **filled: str) -> str:
    """The query that the filter form of a page sends with these fields `filled`, as a browser makes it."""
    form = page.split('id="filters"')[1].split("</form>")[0]
    inputs = (dict(re.findall(r'(\w+)="([^"]*)"', each)) for each in re.findall(r"<input ([^>]*)>", form))
    given = [(each["name"], filled.get(each["name"], unescape(each.get("value", "")))) for each in inputs]
    return urlencode(given)


def test_to_search_keeps_what_the_form_has_no_field_for(person, regions):
    asked = {"name__ic": "sorted", "slug__n": "sorted-b", "ordering": "-name", "limit": "5", "_columns": "name"}
    page = person.get(f"/api/dcim/regions/?{urlencode(asked)}&name=Sorted+B&name=Sorted+C").text
    assert shown(page) == ["Sorted C"]
    sent = person.get(f"/api/dcim/regions/?{submitted(page, q='sorted', name='')}")
    assert dict(parse_qsl(urlsplit(sent.url).query)) == {**asked, "q": "sorted"}
    assert shown(sent.text) == ["Sorted C", "Sorted A"]


def test_another_search_begins_at_its_beginning(person, regions):
    for place in ("offset=1&ordering=name", "cursor=0", "start=1"):
        page = person.get(f"/api/dcim/regions/?name__ic=sorted&limit=1&{place}").text
        assert not {"offset", "cursor", "start"} & dict(parse_qsl(submitted(page))).keys()
        sorted_by_name = re.search(r'href="([^"]+)">Name</a>', page)[1].replace("&amp;", "&")
        assert person.get(sorted_by_name).status_code == 200 and place.partition("&")[0] not in sorted_by_name


def test_what_is_in_force_without_a_field_is_shown_and_can_be_removed(person, regions):
    page = person.get("/api/dcim/regions/?q=Sorted&name__ic=sorted+a&ordering=-name&name=Sorted+A").text
    told = page.split('id="in-force"')[1].split("</p>")[0]
    assert re.findall(r"<code>([^<]+)</code>", told) == ["name__ic=sorted a", "ordering=-name"]
    without = unescape(re.search(r'href="([^"]+)"', told)[1])
    assert without == "/api/dcim/regions/?q=Sorted&ordering=-name&name=Sorted+A"
    assert 'id="in-force"' not in person.get("/api/dcim/regions/?q=Sorted&_columns=name").text
    alone = person.get("/api/dcim/regions/?ordering=-name").text.split('id="in-force"')[1].split("</p>")[0]
    assert 'href="/api/dcim/regions/"' in alone


def test_several_are_changed_at_once_and_what_is_blank_stays(api, person, regions):
    ids = [str(each["id"]) for each in regions[:2]]
    parent = regions[2]
    asked = person.send("/api/dcim/regions/", _bulk="edit", _selected=ids)
    assert "Edit 2 objects" in asked.text and api.get(f"dcim/regions/{ids[0]}/")[1]["parent"] is None
    done = person.send("/api/dcim/regions/", _bulk="edit", _selected=ids, _sure="yes", parent="Sorted C")
    assert done.status_code == 303
    for each in regions[:2]:
        now = api.get(f"dcim/regions/{each['id']}/")[1]
        assert (now["parent"]["id"], now["name"]) == (parent["id"], each["name"])


def test_several_are_deleted_at_once_or_none(api, person, regions):
    site = api.make("dcim/sites/", name="In the way", slug="in-the-way")
    other = api.make("dcim/sites/", name="Free", slug="free-site")
    api.make("dcim/racks/", name="R", site=site["id"])
    ids = [str(site["id"]), str(other["id"])]
    assert "Delete 2 objects" in person.send("/api/dcim/sites/", _bulk="delete", _selected=ids).text
    refused = person.send("/api/dcim/sites/", _bulk="delete", _selected=ids, _sure="yes")
    assert refused.status_code == 400 and "Not deleted" in refused.text
    assert api.get(f"dcim/sites/{other['id']}/")[0] == 200
    assert person.send("/api/dcim/sites/", _bulk="delete", _selected=ids[1], _sure="yes").status_code == 303
    assert api.get(f"dcim/sites/{other['id']}/")[0] == 404


def test_who_may_change_nothing_selects_nothing(somebody, regions):
    page = Person(somebody.base_url).get("/api/dcim/regions/?q=Sorted").text
    assert "_selected" not in page and "_bulk" not in page


def test_an_empty_list_says_what_to_do_next(person):
    assert 'Nothing matches. <a href="/api/dcim/sites/">' in person.get("/api/dcim/sites/?q=nothingiscalledso").text


def test_times_are_readable(api, person):
    site = api.make("dcim/sites/", name="Timed", slug="timed")
    page = person.get(f"/api/dcim/sites/{site['id']}/").text
    assert re.search(r'<time datetime="[^"]+">\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC</time>', page)


def test_times_are_in_the_zone_that_the_reader_chose_and_machines_are_told_utc(api, somebody, person):
    path = f"/api/tenancy/tenants/{api.make('tenancy/tenants/', name='Zoned', slug='zoned')['id']}/"
    updated = api.get(path.removeprefix("/api/"))[1]["last_updated"]
    assert updated.endswith("Z")
    chosen = person.send("/time-zone/", zone="Asia/Kathmandu", next=path)
    assert (chosen.status_code, chosen.headers["Location"]) == (303, path)
    told = datetime.fromisoformat(updated).astimezone(ZoneInfo("Asia/Kathmandu"))
    page = person.get(path).text
    assert f'<time datetime="{updated}">{told:%Y-%m-%d %H:%M:%S} +0545</time>' in page
    assert "Times are in Asia/Kathmandu." in page
    assert "Times are in UTC." in somebody.__class__(somebody.base_url).get(path).text
    assert person.send("/time-zone/", zone="").status_code == 303
    assert "Times are in UTC." in person.get(path).text


def test_a_time_that_is_a_link_is_in_the_zone_of_the_reader_too(api, person, administrator):
    tenant = api.make("tenancy/tenants/", name="Zoned too", slug="zoned-too")
    account = api.results("users/users/", username=administrator)[0]["id"]
    api.make("users/tokens/", user=account, expires="2031-01-31T12:00:00Z")
    about = {"changed_object_type": "tenancy.tenant", "changed_object_id": tenant["id"]}
    eventually(lambda: api.results("extras/object-changes/", **about), "the change is told")
    person.session.cookies.set("patchbay_time_zone", "Asia/Kathmandu")
    for path in ("extras/object-changes/?limit=5", "extras/recent-activity/?limit=5", f"users/users/{account}/"):
        cells = person.get(f"/api/{path}").text.split("<tbody>", 1)[1].split('id="reply"')[0]
        assert not re.findall(r">\d{4}-\d\d-\d\dT[^<]*<", cells), path
        assert re.search(r'<a href="[^"]+"><time datetime="[^"]+">[^<]+ \+0545</time></a>', cells), path


def test_what_is_no_zone_is_none(person):
    for zone in ("Mars/Olympus", "../../etc/passwd", "localtime"):
        person.session.cookies.set("patchbay_time_zone", zone)
        assert "Times are in UTC." in person.get("/admin/").text
        assert "Times are shown in UTC." in person.get(person.send("/time-zone/", zone=zone).headers["Location"]).text
