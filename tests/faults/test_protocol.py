"""What two services do to each other at the same moment, or while one of them is down or hangs."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import psycopg2
import pytest
import requests

from shared.config import SERVICES
from stack.plan import Plan
from tests.client import Client
from tests.dcim.equipment import Equipment
from tests.faults.conftest import execute
from tests.faults.network import CUTS, REFUSED
from tests.running import Stack, eventually

MANY = 5000
FIELD_OF_TENANTS = {"name": "just-made", "type": 100, "obj_type": ["tenancy.tenant"]}
OTHERS = [service for service in SERVICES if service != "dcim"]


def tenant_of(client: Client, site: dict):
    return client.get(f"dcim/sites/{site['id']}/")[1]["tenant"]


def audit(stack: Stack) -> None:
    """It finds nothing; it is asked again where a service is still busy with what it was asked before its trouble."""
    asked = []

    def answered() -> bool:
        asked.append(stack.run("audit"))
        return "answers 503" not in asked[-1].stderr

    eventually(answered, "every service takes part in an audit")
    assert asked[-1].returncode == 0, asked[-1].stdout + asked[-1].stderr


def test_transactions_that_commit_in_the_other_order(hurt, client, make, database):
    first, second = make("tenancy/tenants"), make("tenancy/tenants")
    sites = [make("dcim/sites", tenant=tenant["id"]) for tenant in (first, second)]
    slow = database("tenancy")
    execute(slow, "UPDATE tenancy_tenant SET name = 'slow one' WHERE id = %s", first["id"])
    assert client.patch(f"tenancy/tenants/{second['id']}/", {"name": "quick one"})[0] == 200
    assert tenant_of(client, sites[1])["name"] == "quick one"
    slow.commit()
    eventually(lambda: tenant_of(client, sites[0])["name"] == "slow one", "the slow rename arrives")
    audit(hurt)


def test_a_holder_that_is_busy_holds_up_no_writer_for_good(hurt, client, make, database):
    tenant = make("tenancy/tenants")
    site = make("dcim/sites", tenant=tenant["id"])
    busy = database("dcim")
    execute(busy, "SELECT 1 FROM reference_position WHERE owner = 'tenancy' FOR UPDATE")
    for name in ("renamed", "renamed again"):
        assert client.patch(f"tenancy/tenants/{tenant['id']}/", {"name": name})[0] == 200
    busy.rollback()
    eventually(lambda: tenant_of(client, site)["name"] == "renamed again", "the last name arrives")


def test_a_holder_that_itself_waits_for_the_owner_holds_up_none_of_its_writers(hurt, client, make, database):
    """Who applies a delivery waits for what followed from it, not for what its own clients have written."""
    equipment = Equipment(client)
    device, vlan = equipment.make_device(), make("ipam/vlans", vid=7)
    equipment.make_interface(device, mode=100, untagged_vlan=vlan["id"])
    service = client.make("ipam/services/", name="of both", device=device["id"], port=80, protocol=6)
    busy, ipam = database("dcim"), database("ipam")
    ipam.autocommit = True
    execute(busy, "SELECT 1 FROM reference_position WHERE owner = 'ipam' FOR UPDATE")
    with ThreadPoolExecutor(1) as pool:
        try:
            elsewhere = Client(hurt.base_url, hurt.token)
            waiting = pool.submit(elsewhere.patch, f"ipam/vlans/{vlan['id']}/", {"name": "waits"})
            put = "SELECT 1 FROM reference_outbox WHERE service = 'dcim' AND label = 'ipam.vlan'"
            eventually(lambda: execute(ipam, put), "the new name of the VLAN is to be told")
            reply = client.request("PATCH", f"dcim/devices/{device['id']}/", {"name": "waits for none"})
            assert (reply.status_code, reply.headers.get("X-Degraded")) == (200, None)
            assert client.get(f"ipam/services/{service['id']}/")[1]["device"]["name"] == "waits for none"
        finally:
            busy.rollback()
        assert waiting.result()[0] == 200
    audit(hurt)


@pytest.mark.parametrize("held", [False, True])
def test_a_delete_and_a_new_reference_at_the_same_moment(hurt, client, make, held):
    for _ in range(6):
        tenant = make("tenancy/tenants")
        if held:
            site = make("dcim/sites", tenant=tenant["id"])
            assert client.delete(f"dcim/sites/{site['id']}/")[0] == 204
        start = Barrier(2)

        def at_once(deed, *arguments, start=start):
            start.wait()
            return deed(*arguments)

        word = f"race-{held}-{tenant['id']}"
        with ThreadPoolExecutor(2) as pool:
            gone = pool.submit(at_once, Client(hurt.base_url, hurt.token).delete, f"tenancy/tenants/{tenant['id']}/")
            body = {"name": word, "slug": word, "tenant": tenant["id"]}
            made = pool.submit(at_once, Client(hurt.base_url, hurt.token).post, "dcim/sites/", body)
        assert (gone.result()[0], made.result()[0]) in {(204, 400), (409, 201), (503, 201), (204, 503), (503, 503)}
        exists = client.get(f"tenancy/tenants/{tenant['id']}/")[0] == 200
        assert exists is (gone.result()[0] != 204)
    audit(hurt)


@pytest.fixture
def in_trouble(hurt, network):
    """`in_trouble(how, services, link)`: while the services are dead or frozen, or else the link is cut."""

    def begin(how: str, services: list[str], link: str):
        if how in CUTS:
            return network.without(link, how)
        return hurt.frozen(*services) if how == "frozen" else hurt.without(*services)

    return begin


TROUBLES = ("dead", "frozen", *CUTS)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_delete_whose_holder_does_not_answer_changes_nothing(client, hurt, make, in_trouble, trouble):
    tenant = make("tenancy/tenants")
    site = make("dcim/sites", tenant=tenant["id"])
    assert client.patch(f"dcim/sites/{site['id']}/", {"tenant": None})[0] == 200
    with in_trouble(trouble, ["dcim"], "gateway to dcim"):
        reply = client.request("DELETE", f"tenancy/tenants/{tenant['id']}/")
        assert reply.status_code == 503
        assert "dcim" in reply.json()["detail"]
        assert int(reply.headers["Retry-After"]) > 0
        assert client.get(f"tenancy/tenants/{tenant['id']}/")[0] == 200
    assert client.patch(f"dcim/sites/{site['id']}/", {"tenant": tenant["id"]})[0] == 200
    assert client.delete(f"tenancy/tenants/{tenant['id']}/")[0] == 409
    assert client.patch(f"dcim/sites/{site['id']}/", {"tenant": None})[0] == 200
    assert client.delete(f"tenancy/tenants/{tenant['id']}/")[0] == 204
    audit(hurt)


@pytest.mark.parametrize("cut", CUTS)
def test_a_change_arrives_whatever_its_writer_was_told(client, hurt, network, make, cut):
    tenant = make("tenancy/tenants")
    site = make("dcim/sites", tenant=tenant["id"])
    with network.without("gateway to tenancy", cut):
        status, _ = client.patch(f"tenancy/tenants/{tenant['id']}/", {"name": f"told-{cut}"})
        assert status in (502, 504)
    if cut == REFUSED:
        assert client.get(f"tenancy/tenants/{tenant['id']}/")[1]["name"] == tenant["name"]
    else:
        eventually(lambda: tenant_of(client, site)["name"] == f"told-{cut}", "the change arrives")
    audit(hurt)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_service_goes_on_while_all_others_do_not_answer(client, hurt, make, in_trouble, trouble):
    known, unknown = make("tenancy/tenants"), make("tenancy/tenants")
    site = make("dcim/sites", tenant=known["id"])
    with in_trouble(trouble, OTHERS, "services to gateway"):
        assert tenant_of(client, site)["slug"] == known["slug"]
        assert [each["id"] for each in client.results("dcim/sites/", tenant=known["slug"])] == [site["id"]]
        word = f"lonely-{trouble}"
        made = client.make("dcim/sites/", name=word, slug=word, tenant=known["id"])
        assert client.delete(f"dcim/sites/{made['id']}/")[0] == 204
        reply = client.request("PATCH", f"dcim/sites/{site['id']}/", {"tenant": unknown["id"]})
        assert reply.status_code == 503
        assert "tenancy" in reply.json()["detail"]
        assert int(reply.headers["Retry-After"]) > 0
        assert tenant_of(client, site)["id"] == known["id"]
    assert client.patch(f"dcim/sites/{site['id']}/", {"tenant": unknown["id"]})[0] == 200
    audit(hurt)


def test_what_hangs_on_a_locked_row_is_told_to_retry(client, make, database):
    tenant = make("tenancy/tenants")
    other = database("tenancy")
    execute(other, "SELECT 1 FROM tenancy_tenant WHERE id = %s FOR UPDATE", tenant["id"])
    for method in ("PATCH", "DELETE"):
        reply = client.request(method, f"tenancy/tenants/{tenant['id']}/", {"name": "never"})
        assert (reply.status_code, reply.headers.get("Retry-After")) == (503, "1")
    other.rollback()
    assert client.get(f"tenancy/tenants/{tenant['id']}/")[1]["name"] == tenant["name"]


def test_writers_at_once_read_what_they_wrote_in_the_other_service(hurt, make):
    tenants = [make("tenancy/tenants") for _ in range(12)]
    sites = [make("dcim/sites", tenant=tenant["id"]) for tenant in tenants]

    def rename(tenant: dict, site: dict) -> list:
        client = Client(hurt.base_url, hurt.token)
        names = [f"{tenant['name']}-{turn}" for turn in range(4)]
        return [
            (client.patch(f"tenancy/tenants/{tenant['id']}/", {"name": name})[0], tenant_of(client, site)["name"], name)
            for name in names
        ]

    with ThreadPoolExecutor(len(tenants)) as pool:
        for answers in pool.map(rename, tenants, sites):
            assert all(status == 200 and seen == written for status, seen, written in answers)


def test_the_first_requests_after_a_restart_of_postgresql_succeed(hurt, client, make):
    site, prefix = make("dcim/sites"), client.make("ipam/prefixes/", prefix="10.206.0.0/24")
    paths = [f"dcim/sites/{site['id']}/", "tenancy/tenants/", "ipam/vrfs/", "circuits/providers/"] * 3
    with ThreadPoolExecutor(len(paths)) as pool:
        list(pool.map(client.get, paths))
        before = hurt.processes["postgres"]
        hurt.kill("postgres")
        eventually(lambda: hurt.processes.get("postgres", before) != before, "PostgreSQL is started again")
        eventually(lambda: hurt.health()["postgres"] == "healthy", "PostgreSQL answers")
        allocated = pool.submit(client.post, f"ipam/prefixes/{prefix['id']}/available-ips/", {})
        assert {status for status, _ in pool.map(client.get, paths)} == {200}
    assert allocated.result()[0] == 201
    assert client.patch(f"dcim/sites/{site['id']}/", {"facility": "after"})[0] == 200


def test_a_postgresql_that_hangs_is_a_503(hurt, client, make):
    site = make("dcim/sites")
    callers = {"the accounts hang": client, "the service hangs": Client(hurt.base_url)}
    with hurt.frozen("postgres"):
        for caller in callers.values():
            reply = caller.request("GET", f"dcim/sites/{site['id']}/")
            assert (reply.status_code, reply.headers.get("Retry-After")) == (503, "1")
        reply = client.request("PATCH", f"dcim/sites/{site['id']}/", {"facility": "never"})
        assert (reply.status_code, reply.headers.get("Retry-After")) == (503, "1")
    eventually(lambda: client.get(f"dcim/sites/{site['id']}/")[0] == 200, "it answers again")
    assert client.get(f"dcim/sites/{site['id']}/")[1]["facility"] == ""


def test_a_deadlock_is_no_error_of_the_client(hurt, client, make, database):
    group = make("tenancy/tenant-groups")
    tenant = make("tenancy/tenants", group=group["id"])
    other, watching = database("tenancy"), database("tenancy")
    watching.autocommit = True
    execute(other, "SELECT 1 FROM tenancy_tenant WHERE id = %s FOR UPDATE", tenant["id"])
    with ThreadPoolExecutor(1) as pool:
        deleting = pool.submit(client.request, "DELETE", f"tenancy/tenant-groups/{group['id']}/")
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        eventually(lambda: execute(watching, waiting), "the delete waits for the tenant")
        with suppress(psycopg2.errors.DeadlockDetected):
            execute(other, "SELECT 1 FROM tenancy_tenantgroup WHERE id = %s FOR UPDATE", group["id"])
        other.rollback()
        reply = deleting.result()
    assert reply.status_code == 204 or (reply.status_code, reply.headers.get("Retry-After")) == (503, "1")
    exists = client.get(f"tenancy/tenant-groups/{group['id']}/")[0] == 200
    assert exists is (reply.status_code != 204)


@pytest.mark.parametrize("cut", CUTS)
def test_a_service_without_its_database_is_a_503(client, hurt, network, make, cut):
    tenant = make("tenancy/tenants")
    site = make("dcim/sites", tenant=tenant["id"])
    with network.without("dcim to PostgreSQL", cut):
        for method, body in (("GET", None), ("PATCH", {"facility": "never"}), ("DELETE", None)):
            reply = client.request(method, f"dcim/sites/{site['id']}/", body)
            assert (reply.status_code, reply.headers.get("Retry-After")) == (503, "1")
        assert client.patch(f"tenancy/tenants/{tenant['id']}/", {"name": f"without-{cut}"})[0] == 200
        assert client.delete(f"tenancy/tenants/{tenant['id']}/")[0] == 503
    eventually(lambda: tenant_of(client, site)["name"] == f"without-{cut}", "the change arrives")
    assert client.get(f"dcim/sites/{site['id']}/")[1]["facility"] == ""
    audit(hurt)


def test_a_service_is_not_ready_on_a_postgresql_that_is_too_old(hurt, network, database):
    version = execute(database("dcim"), "SELECT current_setting('server_version_num')")[0][0]
    readiness = f"{Plan.load(hurt.folder).health_base('dcim')}/readyz"
    with network.lying("dcim to PostgreSQL", version.encode(), b"150018"):
        reply = requests.get(readiness)
        assert (reply.status_code, reply.json()["detail"]) == (
            503,
            "PostgreSQL 16 or newer is needed, and this is 15.18.",
        )
    assert requests.get(readiness).status_code == 200


def test_a_claim_whose_process_died_is_finished(hurt, client, make, database):
    tenant = make("tenancy/tenants")
    dcim = database("dcim")
    execute(
        dcim,
        "INSERT INTO reference_intent (token, label, object_id) VALUES (gen_random_uuid(), 'tenancy.tenant', %s)",
        tenant["id"],
    )
    dcim.commit()
    kept = "SELECT (SELECT count(*) FROM tenancy_tenant WHERE id = %s), (SELECT count(*) FROM reference_intent)"
    dcim.autocommit = True
    eventually(lambda: execute(dcim, kept, tenant["id"]) == [(1, 0)], "the claim is finished")
    audit(hurt)


def test_a_custom_field_is_taken_by_a_service_that_was_away_when_it_was_made(hurt, client):
    with hurt.without("tenancy"):
        reply = client.request("POST", "extras/custom-fields/", FIELD_OF_TENANTS)
        assert (reply.status_code, reply.headers.get("X-Degraded")) == (201, "tenancy")
    word = {"name": "of a new field", "slug": "of-a-new-field"}
    status, reply = client.post("tenancy/tenants/", {**word, "custom_fields": {"just-made": "taken"}})
    assert (status, reply["custom_fields"]) == (201, {"just-made": "taken"})
    status, reply = client.post("tenancy/tenants/", {"name": "x", "slug": "x", "custom_fields": {"never-made": "x"}})
    assert (status, list(reply)) == (400, ["custom_fields"])


def test_every_service_takes_a_custom_field_as_soon_as_it_was_made(client):
    types = {"dcim/sites": {}, "ipam/vrfs": {"rd": "just:made"}, "circuits/providers": {}, "tenancy/tenants": {}}
    for turn in range(3):
        name = f"at-once-{turn}"
        labels = ["dcim.site", "ipam.vrf", "circuits.provider", "tenancy.tenant"]
        client.make("extras/custom-fields/", name=name, type=100, obj_type=labels)
        for path, more in types.items():
            word = {"name": f"{name} {path}", "slug": f"{name}-{path.replace('/', '-')}"}
            more = {key: f"{value}{turn}" for key, value in more.items()}
            made = client.make(f"{path}/", **word, **more, custom_fields={name: "taken"})
            assert made["custom_fields"][name] == "taken"


def test_a_change_of_thousands_of_held_objects_is_shown_at_once(client, database):
    equipment = Equipment(client)
    device = equipment.make_device()
    ports = [{"device": device["id"], "name": f"port {n}", "form_factor": 1000} for n in range(MANY)]
    ids: list[int] = []
    for start in range(0, MANY, 1000):
        status, made = client.post("dcim/interfaces/", ports[start : start + 1000])
        assert status == 201, made
        ids += [each["id"] for each in made]
        addresses = [{"address": f"10.9.{pk % 250}.{pk % 251}/32", "interface": pk} for pk in ids[start:]]
        status, made = client.post("ipam/ip-addresses/", addresses)
        assert status == 201, made
    began = time.monotonic()
    reply = client.request("PATCH", f"dcim/devices/{device['id']}/", {"name": "renamed with its ports"})
    print(f"{MANY} held interfaces: {time.monotonic() - began:.2f} s")
    assert reply.status_code == 200
    ipam = database("ipam")
    stale = "SELECT count(*) FROM dcim_interface WHERE id = ANY(%s) AND device_name <> 'renamed with its ports'"
    left = execute(ipam, stale, ids)[0][0]
    assert left == 0 or reply.headers.get("X-Degraded") == "ipam"
