"""The pages in Chromium, as somebody uses them, and what axe-core says of them."""

from pathlib import Path

import pytest

from tests.running import eventually
from tests.web.chromium import IN_A_BROWSER

SERIOUS = ("serious", "critical")
PAPER = {"light": "rgb(251, 251, 249)", "dark": "rgb(20, 24, 26)"}
AXE = (Path(__file__).parent / "axe/axe.min.js").read_text()

pytestmark = IN_A_BROWSER


def serious(page) -> list[tuple[str, str]]:
    """What axe finds on the page that keeps people out: (rule, the first element that breaks it)."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in SERIOUS]


def create(page, path: str, **filled: str) -> None:
    page.goto(path)
    page.locator("#post > summary").click()
    for name, text in filled.items():
        page.locator(f"#post [name={name}]").fill(text)
    page.locator("#post button.main").click()


def test_a_site_is_created_once_its_form_is_right(logged_in, api):
    create(logged_in, "/api/dcim/sites/", name="Typed", slug="not a slug")
    error = logged_in.locator("#post .error")
    assert "slug" in error.inner_text()
    logged_in.locator("#post [name=slug]").fill("typed-in")
    logged_in.locator("#post button.main").click()
    assert logged_in.get_by_role("heading", level=1).inner_text() == "Typed"
    assert api.results("dcim/sites/", slug="typed-in")[0]["name"] == "Typed"


def test_a_reference_is_found_while_typing(logged_in, api):
    region = api.make("dcim/regions/", name="Typed Region", slug="typed-region")
    logged_in.goto("/api/dcim/sites/")
    logged_in.locator("#post > summary").click()
    field = logged_in.locator("#post [name=region]")
    field.press_sequentially("typed r")
    offered = f"#post-region-options option[value='Typed Region #{region['id']}']"
    logged_in.locator(offered).wait_for(state="attached")


def test_a_custom_field_is_defined_and_its_filter_toggled(logged_in, api):
    site = api.make("dcim/sites/", name="With field", slug="with-field")
    page = logged_in
    page.goto("/api/extras/custom-fields/")
    page.locator("#post > summary").click()
    page.locator("#post [name=name]").fill("cage")
    page.locator("#post [name=obj_type][value='dcim.site']").check()
    page.locator("#post button.main").click()
    page.wait_for_url("**/api/extras/custom-fields/*/")
    path = f"dcim/sites/{site['id']}/"
    assert api.patch(path, {"custom_fields": {"cage": "North 12"}})[0] == 200
    found = {}
    for logic in ("Disabled", "Loose", "Exact"):
        page.locator("#patch > summary").click()
        page.locator("#patch [name=filter_logic]").select_option(label=logic)
        page.locator("#patch button.main").click()
        page.get_by_role("status").wait_for()
        found[logic] = [
            {each["id"] for each in api.results("dcim/sites/", cf_cage=text, limit=0)} for text in ("north", "North 12")
        ]
    everything = {each["id"] for each in api.results("dcim/sites/", limit=0)}
    assert found["Disabled"] == [everything, everything]
    assert found["Loose"] == [{site["id"]}, {site["id"]}]
    assert found["Exact"] == [set(), {site["id"]}]


def test_the_way_from_the_root_to_an_interface_and_back(page, api):
    maker = api.make("dcim/manufacturers/", name="Walked", slug="walked")
    kind = api.make("dcim/device-types/", manufacturer=maker["id"], model="Walked", slug="walked")
    role = api.make("dcim/device-roles/", name="Walked", slug="walked", color="607d8b")
    site = api.make("dcim/sites/", name="Walked", slug="walked")
    device = api.make("dcim/devices/", name="walked-1", device_type=kind["id"], device_role=role["id"], site=site["id"])
    api.make("dcim/interfaces/", device=device["id"], name="eth-walked")
    page.goto("/api/")
    page.locator("pre.json").get_by_role("link", name="/api/dcim/").click()
    page.locator("pre.json").get_by_role("link", name="/api/dcim/devices/").click()
    page.goto(f"{page.url}?name=walked-1")
    page.get_by_role("link", name="walked-1").first.click()
    page.locator("#interfaces").get_by_role("link", name="eth-walked").click()
    assert page.get_by_role("heading", level=1).inner_text() == "walked-1 · eth-walked"
    page.get_by_role("link", name="walked-1").first.click()
    page.get_by_role("navigation", name="Breadcrumbs").get_by_role("link", name="api").click()
    assert page.url.endswith("/api/")


def test_logging_out(logged_in):
    logged_in.get_by_role("button", name="Log out").click()
    logged_in.get_by_role("link", name="Log in").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        *(
            "/",
            "/api/",
            "/api/dcim/",
            "/api/dcim/sites/",
            "/api/extras/custom-fields/",
            "/api/extras/image-attachments/",
        ),
        *("/api/secrets/get-session-key/", "/api/users/users/", "/admin/", "/admin/status/", "/admin/permissions/"),
        *("/time-zone/", "/api/extras/reports/", "/api/search/?q=a", "/api/nowhere/", "/api/dcim/devices/?limit=5"),
    ],
)
def test_axe_finds_nothing_serious(logged_in, path, scheme):
    page = logged_in
    page.emulate_media(color_scheme=scheme)
    page.goto(path)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert serious(page) == []


@pytest.fixture(scope="module")
def plan(api):
    """The addresses of pages with drawings and with what belongs to an object."""
    site = api.make("dcim/sites/", name="Planned", slug="planned")
    rack = api.make("dcim/racks/", name="Planned", site=site["id"], u_height=3)
    maker = api.make("dcim/manufacturers/", name="Planned", slug="planned")
    kind = api.make("dcim/device-types/", manufacturer=maker["id"], model="Planned", slug="planned")
    role = api.make("dcim/device-roles/", name="Planned", slug="planned", color="607d8b")
    given = {"site": site["id"], "rack": rack["id"], "position": 1, "face": 0}
    device = api.make("dcim/devices/", name="planned-1", device_type=kind["id"], device_role=role["id"], **given)
    prefix = api.make("ipam/prefixes/", prefix="100.81.0.0/24", site=site["id"])
    api.make("ipam/prefixes/", prefix="100.81.0.0/26")
    made = {"dcim/sites": site, "dcim/racks": rack, "dcim/devices": device, "ipam/prefixes": prefix}
    return [*(f"/api/{path}/{each['id']}/" for path, each in made.items()), *_undoing(api, site)]


def _undoing(api, site: dict) -> list[str]:
    """The addresses of a change of a site, and of what undoing it or its request would do."""
    assert api.patch(f"dcim/sites/{site['id']}/", {"status": 2, "comments": "Now with a comment."})[0] == 200
    mine = {"changed_object_type": "dcim.site", "changed_object_id": site["id"], "action": 2}
    eventually(lambda: api.results("extras/object-changes/", **mine), "the change of the site")
    change = api.results("extras/object-changes/", **mine)[0]
    own = f"/api/extras/object-changes/{change['id']}/"
    return [own, f"{own}revert/", f"/api/extras/object-changes/revert/?request_id={change['request_id']}"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_pages_of_objects(logged_in, plan, scheme):
    logged_in.emulate_media(color_scheme=scheme)
    found = {}
    for path in plan:
        logged_in.goto(path)
        found[path] = serious(logged_in)
    assert not any(found.values()), found


def test_a_phone_scrolls_no_page_of_an_object_sideways(logged_in, plan):
    logged_in.set_viewport_size({"width": 360, "height": 720})
    for path in ("/", *plan):
        logged_in.goto(path)
        assert logged_in.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_a_phone_scrolls_no_page_sideways(logged_in):
    logged_in.set_viewport_size({"width": 360, "height": 720})
    for path in ("/api/", "/api/dcim/sites/", "/admin/status/", "/api/users/users/"):
        logged_in.goto(path)
        for summary in logged_in.locator("summary:visible").all():
            summary.click()
        assert logged_in.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_documentation_is_drawn_and_can_be_read(page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto("/api/docs/")
    page.locator(".opblock-tag").first.wait_for()
    assert page.locator(".opblock-tag").count() >= 7
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == PAPER[scheme]
    page.locator(".opblock-tag[data-tag=tenancy]").click()
    for method in ("get", "post", "put", "patch", "delete"):
        operation = page.locator(f".opblock-{method}").first
        operation.locator(".opblock-summary-control").click()
        operation.locator(".responses-table").wait_for()
    assert serious(page) == []
