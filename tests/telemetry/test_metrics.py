"""Every process tells in numbers how it is, openly, and names nobody and nothing that is in it."""

import re

import pytest
import requests

from shared.config import SERVICES
from stack.plan import Plan
from tests.client import Client
from tests.running import eventually
from tests.telemetry.scraping import scrape, value


@pytest.fixture(scope="module")
def hurt(make_stack):
    """A stack of its own, to be hurt, whose services look after each other often."""
    return make_stack(FOLLOW_SECONDS="0.5").start()


@pytest.fixture(scope="module")
def client(hurt):
    return Client(hurt.base_url, hurt.token)


@pytest.mark.parametrize("program", [*SERVICES, "gateway"])
def test_every_process_serves_its_metrics_to_whoever_asks(stack, program):
    app = "users" if program == "gateway" else program
    found = scrape(stack, program)
    assert found["patchbay_database_up", frozenset({("app", app)})] == 1
    for name in ("claims", "intents", "activity_entries", "database_connections_in_use", "database_connections_most"):
        assert (f"patchbay_{name}", frozenset({("app", app)})) in found


def test_requests_are_counted_by_route_never_by_path(stack, api):
    route = {"app": "tenancy", "method": "GET", "route": "/api/tenancy/tenants/<pk>/"}
    nowhere = {"app": "tenancy", "method": "GET", "route": "none"}

    def counted() -> tuple[float, float, float]:
        return (
            value(stack, "tenancy", "requests_total", **route, status="404"),
            value(stack, "tenancy", "requests_total", **nowhere, status="404"),
            value(stack, "tenancy", "request_seconds_count", **route),
        )

    before = counted()
    for _ in range(3):
        assert api.get("tenancy/tenants/987654321/")[0] == 404
        assert api.get("tenancy/no-such-thing-987654321/")[0] == 404
    api.call("INVENTED", "tenancy/tenants/987654321/")
    assert counted() == tuple(number + 3 for number in before)
    text = requests.get(f"{Plan.load(stack.folder).health_base('tenancy')}/metrics").text
    assert "987654321" not in text and "no-such-thing" not in text and "INVENTED" not in text


def test_no_label_has_a_value_from_the_inventory(stack, api):
    name = "Nobody Should Read This"
    made = api.make("tenancy/tenants/", name=name, slug="nobody-should-read-this")
    vrf = api.make("ipam/vrfs/", name=name, rd="65000:17", tenant=made["id"])
    api.get("ipam/vrfs/", q=name)
    for program in (*SERVICES, "gateway"):
        for (_, labels), _ in scrape(stack, program).items():
            assert all(re.fullmatch(r"[\w.+<>:/-]{1,80}", each) for _, each in labels)
            assert not any("obody" in each for _, each in labels)
    api.delete(f"ipam/vrfs/{vrf['id']}/")
    api.delete(f"tenancy/tenants/{made['id']}/")


def test_claims_are_counted_where_the_object_is(stack, api):
    tenant = api.make("tenancy/tenants/", name="Claimed", slug="claimed")
    vrf = api.make("ipam/vrfs/", name="Claims", rd="65000:18", tenant=tenant["id"])
    eventually(lambda: value(stack, "tenancy", "claims", app="tenancy") >= 1, "the claim is counted")
    api.delete(f"ipam/vrfs/{vrf['id']}/")
    api.delete(f"tenancy/tenants/{tenant['id']}/")


def test_a_holder_that_is_away_shows_in_the_outbox_and_it_lags_itself(hurt, client):
    tenant = client.make("tenancy/tenants/", name="Before", slug="before")
    client.make("ipam/vrfs/", name="Lagging", rd="65000:19", tenant=tenant["id"])
    at = {"app": "tenancy", "holder": "ipam"}
    with hurt.without("ipam"):
        assert client.patch(f"tenancy/tenants/{tenant['id']}/", {"name": "After"})[0] == 200
        eventually(lambda: value(hurt, "tenancy", "outbox_entries", **at) == 1, "the change waits")
        eventually(lambda: value(hurt, "tenancy", "outbox_oldest_seconds", **at) > 2, "it grows old")
    eventually(lambda: value(hurt, "tenancy", "outbox_entries", **at) == 0, "the change has arrived")
    eventually(lambda: value(hurt, "tenancy", "outbox_oldest_seconds", **at) == 0, "nothing is old")
    with hurt.without("tenancy"):
        lag = {"app": "ipam", "owner": "tenancy"}
        eventually(lambda: value(hurt, "ipam", "feed_lag_seconds", **lag) > 5, "ipam has not heard of tenancy")
    eventually(lambda: value(hurt, "ipam", "feed_lag_seconds", **lag) < 5, "ipam hears of tenancy again")


def test_a_lookup_without_an_answer_is_counted(hurt, client):
    site = client.make("dcim/sites/", name="Degraded", slug="degraded")
    client.make("ipam/vlans/", name="Degraded", vid=7, site=site["id"])
    degraded = {"app": "dcim", "service": "ipam"}
    assert value(hurt, "dcim", "lookups_degraded_total", **degraded) == 0
    with hurt.without("ipam"):
        assert client.get(f"dcim/sites/{site['id']}/")[1]["count_vlans"] is None
        assert value(hurt, "dcim", "lookups_degraded_total", **degraded) >= 1


def test_an_audit_shows_with_its_findings_and_its_age(hurt):
    between = {"app": "ipam", "owner": "dcim"}
    sample = ("patchbay_audit_age_seconds", frozenset(between.items()))
    assert hurt.run("audit").returncode == 0
    eventually(lambda: sample in scrape(hurt, "ipam"), "the audit is known")
    assert value(hurt, "ipam", "audit_findings", **between) == 0
    young = scrape(hurt, "ipam")[sample]
    eventually(lambda: scrape(hurt, "ipam")[sample] > young, "it grows old")


def test_without_its_database_a_service_still_tells_what_it_counts(hurt):
    with hurt.without("postgres"):
        eventually(lambda: value(hurt, "dcim", "database_up", app="dcim") == 0, "the database is gone")
        found = scrape(hurt, "dcim")
        assert not [labels for name, labels in found if name == "patchbay_outbox_entries"]
        assert [labels for name, labels in found if name == "patchbay_requests_total"]
    eventually(lambda: value(hurt, "dcim", "database_up", app="dcim") == 1, "the database is back")
