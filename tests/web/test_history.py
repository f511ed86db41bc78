"""The history of an object on its page, what each change changed, and its undo with a preview."""

import re
import uuid
from html import unescape

import pytest
from markupsafe import escape

from tests.factories import Factory
from tests.running import eventually
from tests.web.conftest import PASSWORD, Person

PATH = "extras/object-changes/"


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


def changes(api, label: str, pk: int, number: int) -> list[dict]:
    """The changes of an object, the newest first, once there are so many."""
    given = {"changed_object_type": label, "changed_object_id": pk}
    eventually(lambda: len(api.results(PATH, **given)) >= number, f"{number} changes of {label} {pk}")
    return sorted(api.results(PATH, **given), key=lambda each: -each["id"])


def words(markup: str) -> str:
    """The text of a page, as somebody hears it: what is there only to be seen is left out."""
    shown = re.sub(r'<span aria-hidden="true">.*?</span>', "", markup, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", shown)).split())


def part(page: str, name: str) -> str:
    found = re.search(rf'<section class="part" id="{name}">(.*?)</section>', page, re.S)
    assert found, page
    return found[1]


def test_the_page_of_an_object_has_its_history(api, factory, person, administrator):
    tenant = factory.make("tenancy.tenant", name="Nimbus")
    site = factory.make("dcim.site", name="Old name", facility="A")
    path = f"/api/dcim/sites/{site['id']}/"
    changed = {"name": "New <name>", "status": 2, "tenant": tenant["id"], "facility": ""}
    assert api.patch(path.removeprefix("/api/"), changed)[0] == 200
    newest = changes(api, "dcim.site", site["id"], 2)[0]
    history = part(person.get(path).text, "history")
    told = words(history)
    assert "History 2" in told and "Updated" in told and "Created" in told and "admin" in told
    # Only what changed, the label of a choice and the name of what is referred to, and by words what came and went.
    assert "Name Removed: Old name Added: New <name>" in told
    assert "Status Removed: Active Added: Planned" in told
    assert "Tenant Added: Nimbus" in told and f'href="/api/tenancy/tenants/{tenant["id"]}/"' in history
    assert "Facility Removed: A" in told and "Slug" not in told
    assert f'href="/api/{PATH}{newest["id"]}/revert/"' in history
    # Who is not logged in sees it, but no way to undo it.
    unknown = part(Person(person.base_url).get(path).text, "history")
    assert "Old name" in unknown and "revert" not in unknown


def test_a_change_is_undone_after_it_was_looked_at(api, factory, person):
    site = factory.make("dcim.site", name="Before", status=1)
    api.patch(f"dcim/sites/{site['id']}/", {"name": "After", "status": 2})
    newest = changes(api, "dcim.site", site["id"], 2)[0]
    page = person.get(f"/api/{PATH}{newest['id']}/").text
    assert "Name Removed: Before Added: After" in words(part(page, "difference"))
    undo = f"/api/{PATH}{newest['id']}/revert/"
    assert f'href="{undo}"' in page
    preview = words(person.get(undo).text)
    assert "Set back Site Before" in preview
    assert "Name Removed: After Added: Before" in preview and "Status Removed: Planned Added: Active" in preview
    assert api.get(f"dcim/sites/{site['id']}/")[1]["name"] == "After"
    done = person.send(undo)
    assert (done.status_code, done.headers["Location"]) == (303, f"/api/{PATH}{newest['id']}/")
    assert "Undone: 1 object was brought back" in person.get(done.headers["Location"]).text
    assert api.get(f"dcim/sites/{site['id']}/")[1]["name"] == "Before"
    assert "there is nothing to do" in person.get(undo).text


def test_no_undo_is_offered_of_what_is_never_undone(api, person):
    user = api.make("users/users/", username=f"kept-{uuid.uuid4().hex[:8]}", password=PASSWORD)
    change = changes(api, "users.user", user["id"], 1)[0]
    for path in (f"users/users/{user['id']}/", f"{PATH}{change['id']}/"):
        page = person.get(f"/api/{path}").text
        assert "Created" in page and "revert/" not in page, path


def test_a_whole_request_is_undone_with_what_it_took_along(api, factory, person):
    device = factory.make("dcim.device", name=f"gone {uuid.uuid4().hex[:8]}")
    port = factory.make("dcim.interface", device=device["id"])
    address = factory.make("ipam.ipaddress", interface=port["id"])
    assert api.delete(f"dcim/devices/{device['id']}/")[0] == 204
    change = changes(api, "dcim.device", device["id"], 2)[0]
    page = unescape(person.get(f"/api/{PATH}{change['id']}/").text)
    undo = f"/api/{PATH}revert/?request_id={change['request_id']}"
    assert undo in page and f"/api/{PATH}?request_id={change['request_id']}" in page
    assert f"Name Removed: {device['name']}" in words(part(page, "difference"))
    preview = words(person.get(undo).text)
    for named in (f"Device {device['name']}", f"Interface {port['name']}", f"{address['address']}"):
        assert named in preview, named
    done = person.send(f"/api/{PATH}revert/", page=undo, request_id=change["request_id"])
    assert done.status_code == 303, done.text
    assert api.get(f"ipam/ip-addresses/{address['id']}/")[1]["interface"]["id"] == port["id"]
    listed = person.get(done.headers["Location"])
    assert "Undone: 3 objects were brought back" in listed.text


def test_what_is_in_the_way_is_said(api, factory, person):
    site = factory.make("dcim.site", name="One")
    api.patch(f"dcim/sites/{site['id']}/", {"name": "Two"})
    change = changes(api, "dcim.site", site["id"], 2)[0]
    api.patch(f"dcim/sites/{site['id']}/", {"name": "Three"})
    undo = f"/api/{PATH}{change['id']}/revert/"
    page = person.get(undo)
    assert "Site Three, Name: It has been changed since" in words(page.text).replace(" , ", ", ")
    assert '<button class="main">Undo</button>' not in page.text
    refused = person.send(undo, page="/api/dcim/sites/")
    assert refused.status_code == 409 and "nothing was" in refused.text
    assert api.get(f"dcim/sites/{site['id']}/")[1]["name"] == "Three"


def test_the_list_of_changes_tells_who_did_what_to_what(api, factory, person):
    site = factory.make("dcim.site", name="Listed")
    assert api.delete(f"dcim/sites/{site['id']}/")[0] == 204
    site = factory.make("dcim.site", name="Listed")
    changes(api, "dcim.site", site["id"], 1)
    page = person.get(f"/api/{PATH}?object_repr=Listed").text
    head, cells = page.split("<thead>")[1].split("</thead>")[0], page.split("<tbody>")[1].split("</tbody>")[0]
    assert words(head) == "ID Time User Action Changed object type Changed object Object name"
    assert f'<a href="/api/dcim/sites/{site["id"]}/">Listed</a>' in cells
    assert "Deleted dcim.site — Listed" in words(cells) and "Created dcim.site Listed Listed" in words(cells)


def test_who_is_not_logged_in_is_asked_to(api, factory, person):
    site = factory.make("dcim.site")
    change = changes(api, "dcim.site", site["id"], 1)[0]
    undo = f"/api/{PATH}{change['id']}/revert/"
    somebody = Person(person.base_url)
    assert somebody.get(undo, allow_redirects=False).headers["Location"].startswith("/admin/login/")
    # A form that another site could have made a browser send is refused.
    assert person.session.post(person.base_url + undo, data={}, timeout=60).status_code == 403
    asked = person.get(f"/api/{PATH}revert/").text
    assert 'name="request_id"' in asked


def test_what_was_done_is_told_in_words_with_a_link(api, person, administrator):
    name = 'R&D <b> "x"'
    made = api.make("tenancy/tenants/", name=name, slug=f"rd-{uuid.uuid4().hex[:8]}")
    api.delete(f"tenancy/tenants/{made['id']}/")
    kept = person.send("/api/tenancy/tenants/", name=name, slug=f"rd-{uuid.uuid4().hex[:8]}").headers["Location"]
    account = api.results("users/users/", username=administrator)[0]["id"]
    activity = "extras/recent-activity/"
    about = {"content_type": "tenancy.tenant", "object_id": kept.rstrip("/").rpartition("/")[2]}
    eventually(lambda: api.results(activity, **about), "what was done is told")
    eventually(
        lambda: len(api.results(activity, content_type="tenancy.tenant", object_id=made["id"])) == 2, "the delete"
    )
    done = api.results(activity, **about)[0]["id"]
    shown = f'created tenant <a href="{kept}">{escape(name)}</a>'
    for path in (
        f"{activity}?limit=50",
        f"{activity}?_columns=message",
        f"{activity}{done}/",
        f"users/users/{account}/",
    ):
        page = person.get(f"/api/{path}").text.split('id="reply"')[0]
        assert shown in page, path
        assert "&lt;a href" not in page, path
    gone = person.get(f"/api/{activity}?content_type=tenancy.tenant&action=5&object_id={made['id']}").text
    assert f"<td>deleted tenant {escape(name)}</td>" in gone.split('id="reply"')[0]
