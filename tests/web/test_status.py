"""What the pages say while services are down: the status, the search, and the pages of what is left."""

import re
from html import unescape

import pytest

from shared.config import version_of
from tests.client import Client
from tests.running import eventually
from tests.web.conftest import Person, make_administrator


@pytest.fixture(scope="module")
def own(make_stack):
    return make_stack(PATCHBAY_FOLLOW_SECONDS="1").start()


@pytest.fixture(scope="module")
def own_api(own):
    return Client(own.base_url, own.token)


@pytest.fixture(scope="module")
def visitor(own, own_api):
    found = Person(own.base_url)
    assert found.log_in(make_administrator(own_api)).status_code == 303
    return found


def rows(page: str, region: str) -> list[list[str]]:
    """The texts of the table that is called `region`."""
    table = re.search(rf'aria-label="{region}".*?</table>', page, re.DOTALL)
    assert table, page
    cells = [re.findall(r"<t[dh].*?>(.*?)</t[dh]>", row, re.DOTALL) for row in table[0].split("</tr>")[1:]]
    return [[unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells if row]


def feed(visitor, owner: str, holder: str) -> list[str]:
    page = visitor.get("/admin/status/").text
    return next(row[2:] for row in rows(page, "Feeds") if row[:2] == [owner, holder])


@pytest.fixture
def tenant(own_api):
    made = own_api.make("tenancy/tenants/", name="Watched", slug="watched")
    site = own_api.make("dcim/sites/", name="Watching", slug="watching", tenant=made["id"])
    yield made
    assert own_api.delete(f"dcim/sites/{site['id']}/")[0] == 204
    assert own_api.delete(f"tenancy/tenants/{made['id']}/")[0] == 204


def test_changes_that_a_service_has_not_fetched_are_counted(own, own_api, visitor, tenant):
    with own.without("dcim"):
        own_api.patch(f"tenancy/tenants/{tenant['id']}/", {"name": "Renamed"})
        waiting, oldest, fetched, *_ = feed(visitor, "tenancy", "dcim")
        assert waiting == "1"
        assert re.fullmatch(r"\d+ (s|min)", oldest)
        assert fetched == "—"
        states = {row[0]: row[1:] for row in rows(visitor.get("/admin/status/").text, "Services")}
        assert states["dcim"][0].startswith("down The dcim service cannot be reached")
        assert states["tenancy"][0] == "up"
        assert states["tenancy"][1] == version_of("tenancy")
    eventually(lambda: feed(visitor, "tenancy", "dcim")[:2] == ["0", "—"], "dcim has fetched the change")


def test_the_outcome_of_an_audit_stays_with_its_time(own, own_api, visitor, tenant):
    page = visitor.send("/admin/status/")
    assert "No findings" in page.text
    new_facts, set_aside, audited, findings = feed(visitor, "tenancy", "dcim")[3:]
    assert (new_facts, set_aside) == ("—", "0")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", audited)
    assert findings == "none"


def test_only_superusers_run_an_audit(own, own_api):
    own_api.make("users/users/", username="onlooker", password="correct horse battery")
    onlooker = Person(own.base_url)
    onlooker.log_in("onlooker")
    assert "Run the audit" not in onlooker.get("/admin/status/").text
    assert onlooker.send("/admin/status/").status_code == 403


def test_a_search_names_the_services_that_it_could_not_ask(own, own_api, visitor, tenant):
    with own.without("dcim"):
        status, found = own_api.get("search/", q="watched")
        assert (status, found["unavailable"]) == (200, ["dcim"])
        assert [each["name"] for each in found["results"]] == ["Watched"]
        page = visitor.get("/api/search/?q=watched").text
        assert "Not searched, since they do not answer: dcim." in page
        assert ">Watched</a>" in page


def test_the_page_of_a_service_that_is_down_says_so(own, visitor):
    with own.without("dcim"):
        page = visitor.get("/api/dcim/sites/")
        assert page.status_code == 502
        assert "The dcim service cannot be reached." in page.text
        assert visitor.get("/api/").status_code == visitor.get("/api/tenancy/tenants/").status_code == 200
