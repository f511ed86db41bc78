"""A stack below `/netbox` of its host: every address that it tells leads to where it is."""

import re
from html import unescape
from urllib.parse import urlsplit

import pynetbox
import pytest
import requests

from tests.client import Client
from tests.clients import demo
from tests.running import Stack
from tests.secrets.conftest import Keeper
from tests.web.chromium import IN_A_BROWSER
from tests.web.conftest import PASSWORD, Person, make_administrator

BASE = "/netbox"
# What a browser asks for, or sends a form to.
_TARGET = re.compile(r'\s(href|src|action|formaction|hx-get)="([^"]*)"')


class BelowBase:
    """A stack that clients find below `/netbox`."""

    def __init__(self, stack: Stack) -> None:
        self.host, self.token = stack.base_url, stack.token
        self.base_url = stack.base_url + BASE


@pytest.fixture(scope="module")
def site(make_stack) -> BelowBase:
    below = BelowBase(make_stack(BASE_PATH=BASE, TRUSTED_PROXIES="127.0.0.1").start())
    demo.load(client_of(below))
    return below


def client_of(site: BelowBase) -> Client:
    return Client(site.base_url, site.token)


@pytest.fixture
def api(site) -> Client:
    return client_of(site)


@pytest.fixture(scope="module")
def administrator(site) -> str:
    return make_administrator(client_of(site))


@pytest.fixture
def person(site, administrator) -> Person:
    person = Person(site.base_url)
    assert person.log_in(administrator).headers["Location"] == f"{BASE}/admin/"
    return person


def addresses(value: object) -> list[str]:
    """Every address in a reply."""
    if isinstance(value, dict):
        return [found for each in value.values() for found in addresses(each)]
    if isinstance(value, list):
        return [found for each in value for found in addresses(each)]
    return [value] if isinstance(value, str) and value.startswith("http") else []


def lists(api: Client) -> list[str]:
    """The path of every list, below `/api/`."""
    roots = [api.get(f"{app}/")[1] for app in api.get("")[1]]
    every = [address.split("/api/")[1] for root in roots for address in root.values()]
    return [path for path in every if "count" in (api.get(path, limit=1)[1] or {})]


def test_every_address_in_json_is_below_it(api, site):
    seen = 0
    for path in lists(api):
        found = addresses(api.get(path, limit=2, offset=1)[1])
        seen += len(found)
        assert [each for each in found if not each.startswith(f"{site.base_url}/api/")] == []
    assert seen > 100
    pages = api.get("dcim/devices/", limit=2, offset=2)[1]
    assert requests.get(pages["next"]).json()["previous"].startswith(f"{site.base_url}/api/dcim/devices/?")
    assert addresses(api.get("search/", q="a")[1])[0].startswith(f"{site.base_url}/api/")
    assert api.get("dcim/sites/", format="json", limit=1)[1]["results"][0]["url"].endswith("/?format=json")


def test_another_service_tells_them_so_as_well(api, site):
    device = api.results("dcim/devices/", limit=1)[0]
    interface = api.results("dcim/interfaces/", device_id=device["id"], limit=1)[0]
    api.make("ipam/ip-addresses/", address="192.0.2.77/24", interface=interface["id"])
    found = api.results("ipam/ip-addresses/", address="192.0.2.77/24")[0]["interface"]
    assert found["url"] == interface["url"] and found["device"]["url"] == device["url"]


def test_the_documents_say_where_the_api_is(api, site):
    assert api.get("schema/")[1]["servers"] == [{"url": site.base_url}]
    swagger = api.get("swagger.json")[1]
    assert f"{swagger['schemes'][0]}://{swagger['host']}{swagger['basePath']}" == f"{site.base_url}/api"


def test_redirects_stay_below_it(site):
    for path, target in (("/api/redoc/", f"{BASE}/api/docs/"), ("/api/docs", f"{site.base_url}/api/docs/")):
        reply = requests.get(site.base_url + path, allow_redirects=False)
        assert (reply.status_code, reply.headers["Location"]) == (308, target)
    # It is taken for the start page without the slash, too.
    assert "What there is" in requests.get(site.base_url).text


def test_cookies_are_for_it_alone(person, administrator, api):
    assert {cookie.path for cookie in person.session.cookies} == {BASE}
    user = api.results("users/users/", username=administrator)[0]
    keeper = Keeper(api, user, api.make("users/tokens/", user=user["id"])["key"])
    keeper.make_key()
    headers = {"Accept": "application/json", "X-CSRFToken": person.csrf("/admin/")}
    url = f"{person.base_url}/api/secrets/get-session-key/"
    reply = person.session.post(url, json={"private_key": keeper.pair["private_key"]}, headers=headers)
    assert f"Path={BASE}/api/secrets/" in reply.headers["Set-Cookie"], reply.text


def test_every_link_form_and_file_of_the_pages_is_below_it_and_there(person, api, site):
    starts = ["/", "/api/", "/api/docs/", "/api/search/?q=ams", "/admin/", "/admin/status/", "/admin/permissions/"]
    objects = [urlsplit(api.results(path, limit=1)[0]["url"]).path.removeprefix(BASE) for path in FILLED]
    forms = [f"/api/{path}" for path in lists(api)]
    asked, wrong = set(), []
    for path in [*starts, *forms, *objects, "/admin/nowhere/"]:
        for kind, address in map(re.Match.groups, _TARGET.finditer(person.get(path).text)):
            parts = urlsplit(unescape(address))
            if parts.netloc not in ("", urlsplit(site.host).netloc) or not parts.path:
                continue
            if not parts.path.startswith(f"{BASE}/"):
                wrong.append((path, address))
            elif kind in ("href", "src", "hx-get"):
                asked.add(parts.path)
    assert wrong == [] and len(asked) > 150
    asked = {path for path in asked if not path.endswith("/napalm/")}  # no device is there to be asked
    replies = {path: person.session.get(site.host + path, timeout=60).status_code for path in sorted(asked)}
    assert {path: status for path, status in replies.items() if status >= 400} == {}


FILLED = (
    "dcim/sites/",
    "dcim/racks/",
    "dcim/devices/",
    "ipam/prefixes/",
    "tenancy/tenants/",
    "extras/recent-activity/",
)


def test_a_form_leads_to_what_it_made(person):
    made = person.send("/api/dcim/regions/", name="Below", slug="below", _method="POST")
    assert made.status_code == 303 and made.headers["Location"].startswith(f"{BASE}/api/dcim/regions/")
    shown = person.session.get(person.base_url.removesuffix(BASE) + made.headers["Location"])
    assert "<h1>Below</h1>" in shown.text
    assert person.send("/admin/logout/", "/").headers["Location"] == f"{BASE}/api/"


def test_pynetbox_works_below_it(site):
    netbox = pynetbox.api(site.base_url, token=site.token)
    made = netbox.dcim.regions.create(name="Of pynetbox", slug="of-pynetbox")
    made.name = "Of pynetbox, changed"
    assert made.save() and netbox.dcim.regions.get(slug="of-pynetbox").full_details()
    assert len(list(netbox.dcim.devices.all(limit=25))) == netbox.dcim.devices.count()
    assert made.delete()


def test_a_proxy_that_takes_it_off_may_say_so(site):
    def told(path: str, **headers: str) -> str:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return requests.get(site.host + path, headers=named).json()["dcim"]

    assert told("/api/") == f"{site.base_url}/api/dcim/"
    assert told("/api/", X_Forwarded_Prefix="/elsewhere/") == f"{site.host}/elsewhere/api/dcim/"
    assert told("/elsewhere/api/", X_Forwarded_Prefix="/elsewhere") == f"{site.host}/elsewhere/api/dcim/"
    assert told("/api/", X_Forwarded_Prefix='/"><script>') == f"{site.base_url}/api/dcim/"
    assert requests.get(f"{site.host}/netboxes/api/").status_code == 404


def test_who_is_no_trusted_proxy_is_not_believed(stack, client):
    told = client("GET", "/api/", headers={"X-Forwarded-Prefix": "/elsewhere"}).json()
    assert told["dcim"] == f"{stack.url}/api/dcim/"


@IN_A_BROWSER
def test_pages_work_in_a_browser(site, administrator, api, browser):
    from playwright.sync_api import expect

    region = api.make("dcim/regions/", name="Browsed", slug="browsed")
    page = browser.new_page()
    failed = []
    page.on("response", lambda reply: failed.append(reply.url) if reply.status >= 400 else None)
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(f"{site.base_url}/admin/login/")
    page.get_by_label("Username").fill(administrator)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{site.base_url}/admin/")
    page.goto(f"{site.base_url}/api/dcim/sites/")
    page.locator("#post > summary").click()
    page.locator("#post [name=name]").fill("Browsed")
    page.locator("#post [name=slug]").fill("browsed")
    page.locator("#post [name=region]").press_sequentially("brows")
    offered = page.locator(f"#post-region-options option[value='Browsed #{region['id']}']")
    offered.wait_for(state="attached")
    page.locator("#post [name=region]").fill(f"Browsed #{region['id']}")
    page.locator("#post button.main").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Browsed")
    page.get_by_role("link", name="Docs").click()
    page.locator(".opblock-tag").first.wait_for()
    page.close()
    assert failed == []
