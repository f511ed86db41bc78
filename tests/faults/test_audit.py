"""What `patchbay audit` finds, mends and leaves alone; and services that come back from a backup."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager

import orjson
import psycopg2
import pytest
import requests

from shared.http import protocol
from shared.security.identity import HEADER, Identity, digest, sign
from stack.plan import Plan
from stack.postgres import Cluster
from tests.client import Client
from tests.faults.conftest import execute
from tests.running import Stack, eventually

REFERENCES = 60


def findings(stack: Stack, *arguments: str) -> set[str]:
    """The lines of an audit without their explanation; it fails exactly if there are any."""
    result = stack.run("audit", *arguments)
    assert result.stderr == ""
    *lines, total = result.stdout.splitlines()
    assert (result.returncode, int(total.split()[0])) == (bool(lines), len(lines))
    return {" is ".join(line.split(" is ")[:1]).split(" has ")[0] for line in lines}


@pytest.fixture
def dcim(database):
    connection = database("dcim")
    connection.autocommit = True
    return connection


@pytest.fixture
def tenancy(database):
    connection = database("tenancy")
    connection.autocommit = True
    return connection


def test_nothing_is_found_where_nothing_is_wrong(hurt, make):
    make("dcim/sites", tenant=make("tenancy/tenants")["id"])
    assert findings(hurt) == set()


def test_a_stale_replica_is_mended(hurt, client, make, dcim):
    tenant = make("tenancy/tenants")
    site = make("dcim/sites", tenant=tenant["id"])
    execute(dcim, "UPDATE tenancy_tenant SET name = 'wrong' WHERE id = %s", tenant["id"])
    assert findings(hurt) == {f"dcim: stale: tenancy.tenant {tenant['id']}"}
    assert findings(hurt, "--repair") == set()
    assert client.get(f"dcim/sites/{site['id']}/")[1]["tenant"]["name"] == tenant["name"]


def test_a_lost_claim_is_made_again(hurt, client, make, tenancy):
    tenant = make("tenancy/tenants")
    site = make("dcim/sites", tenant=tenant["id"])
    execute(tenancy, "DELETE FROM reference_claim WHERE object_id = %s", tenant["id"])
    assert findings(hurt) == {f"dcim: unclaimed: tenancy.tenant {tenant['id']}"}
    assert findings(hurt, "--repair") == set()
    assert client.delete(f"tenancy/tenants/{tenant['id']}/")[0] == 409
    assert client.patch(f"tenancy/tenants/{tenant['id']}/", {"name": f"new {tenant['id']}"})[0] == 200
    assert client.get(f"dcim/sites/{site['id']}/")[1]["tenant"]["name"] == f"new {tenant['id']}"


def test_an_orphaned_claim_and_an_orphaned_replica_are_mended(hurt, make, dcim, tenancy):
    claimed = make("tenancy/tenants")
    claim = "INSERT INTO reference_claim (service, label, object_id, restricting) VALUES ('dcim', %s, %s, false)"
    execute(tenancy, claim, "tenancy.tenant", claimed["id"])
    execute(dcim, "INSERT INTO tenancy_tenant (id, name, slug) VALUES (999999, 'ghost', 'ghost')")
    assert findings(hurt) == {
        f"dcim: orphaned claim: tenancy.tenant {claimed['id']}",
        "dcim: orphaned replica: tenancy.tenant 999999",
    }
    assert findings(hurt, "--repair") == set()
    assert execute(dcim, "SELECT count(*) FROM tenancy_tenant WHERE id = 999999") == [(0,)]


def test_what_users_entered_is_left_alone(hurt, client, make, dcim):
    site = make("dcim/sites")
    execute(dcim, "INSERT INTO tenancy_tenant (id, name, slug) VALUES (999998, 'ghost', 'ghost')")
    execute(dcim, "UPDATE dcim_site SET tenant_id = 999998 WHERE id = %s", site["id"])
    dangling = {"dcim: dangling: tenancy.tenant 999998"}
    assert findings(hurt) == dangling
    assert findings(hurt, "--repair") == dangling
    assert client.get(f"dcim/sites/{site['id']}/")[1]["tenant"]["name"] == "ghost"
    assert client.patch(f"dcim/sites/{site['id']}/", {"tenant": None})[0] == 200
    assert findings(hurt, "--repair") == set()


@contextmanager
def restored(stack: Stack, service: str):
    """What happens inside the block is lost to `service`: its database goes back to what it was before."""
    name = f"patchbay_{service}"
    with stack.without(service):
        _administer(stack, f"CREATE DATABASE backup TEMPLATE {name} OWNER {name}")
    yield
    with stack.without(service):
        _administer(stack, f"DROP DATABASE {name} WITH (FORCE)", f"ALTER DATABASE backup RENAME TO {name}")


def _administer(stack: Stack, *statements: str) -> None:
    cluster = Cluster(stack.folder)
    password = stack.folder.database_password("postgres")
    with closing(psycopg2.connect(host=str(cluster.socket_folder), user="postgres", password=password)) as connection:
        connection.autocommit = True
        for statement in statements:
            execute(connection, statement)


def test_an_owner_restored_from_a_backup(hurt, client, make):
    kept = make("tenancy/tenants")
    site = make("dcim/sites", tenant=kept["id"])
    with restored(hurt, "tenancy"):
        client.patch(f"tenancy/tenants/{kept['id']}/", {"name": "lost name"})
        lost = make("tenancy/tenants")
        assert client.patch(f"dcim/sites/{site['id']}/", {"tenant": lost["id"]})[0] == 200
    eventually(lambda: "tenancy is behind what dcim remembers" in hurt.run("status").stdout, "it is noticed")
    assert findings(hurt) == {"dcim: restored: tenancy", f"dcim: dangling: tenancy.tenant {lost['id']}"}
    assert findings(hurt, "--repair") == {f"dcim: dangling: tenancy.tenant {lost['id']}"}
    assert client.patch(f"dcim/sites/{site['id']}/", {"tenant": kept["id"]})[0] == 200
    assert client.get(f"dcim/sites/{site['id']}/")[1]["tenant"]["name"] == kept["name"]
    assert findings(hurt, "--repair") == set()
    assert "remembers" not in hurt.run("status").stdout


def test_an_owner_that_lost_only_claims_knows_it_before_its_next_write(hurt, client, make):
    claimed = make("tenancy/tenants")
    with restored(hurt, "tenancy"):
        site = make("dcim/sites", tenant=claimed["id"])
        lost = make("tenancy/tenants")
        elsewhere = make("dcim/sites", tenant=lost["id"])
    assert client.delete(f"tenancy/tenants/{claimed['id']}/")[0] == 409
    assert make("tenancy/tenants")["id"] > lost["id"]
    assert client.patch(f"tenancy/tenants/{claimed['id']}/", {"name": "told again"})[0] == 200
    assert client.get(f"dcim/sites/{site['id']}/")[1]["tenant"]["name"] == "told again"
    dangling = {f"dcim: dangling: tenancy.tenant {lost['id']}"}
    assert findings(hurt, "--repair") == dangling
    assert client.get(f"dcim/sites/{elsewhere['id']}/")[1]["tenant"]["name"] == lost["name"]
    assert client.patch(f"dcim/sites/{elsewhere['id']}/", {"tenant": None})[0] == 200
    assert findings(hurt, "--repair") == set()


def test_a_database_that_is_swapped_under_a_running_service_is_noticed_by_the_next_write(hurt, client, make):
    claimed = make("tenancy/tenants")
    with hurt.without("tenancy"):
        _administer(hurt, "CREATE DATABASE backup TEMPLATE patchbay_tenancy OWNER patchbay_tenancy")
    site = make("dcim/sites", tenant=claimed["id"])
    _administer(
        hurt,
        "DROP DATABASE patchbay_tenancy WITH (FORCE)",
        "ALTER DATABASE backup RENAME TO patchbay_tenancy",
    )
    assert client.delete(f"tenancy/tenants/{claimed['id']}/")[0] == 409
    assert client.patch(f"dcim/sites/{site['id']}/", {"tenant": None})[0] == 200
    assert findings(hurt, "--repair") == set()


def test_what_a_lost_database_had_is_no_other_object_of_the_new_one(hurt, client, make, dcim):
    """And is the same again when the old one comes back."""
    tenant = make("tenancy/tenants")
    site = make("dcim/sites", tenant=tenant["id"])
    with hurt.without("tenancy"):
        _administer(
            hurt,
            "ALTER DATABASE patchbay_tenancy RENAME TO kept",
            "CREATE DATABASE patchbay_tenancy OWNER patchbay_tenancy",
        )
        assert hurt.run("migrate").returncode == 0
    stranger = make("tenancy/tenants")
    assert stranger["id"] > tenant["id"]
    dangling = {f"dcim: dangling: tenancy.tenant {pk}" for (pk,) in execute(dcim, _REFERRED_TENANTS)}
    assert f"dcim: dangling: tenancy.tenant {tenant['id']}" in dangling
    assert findings(hurt, "--repair") >= dangling
    assert client.get(f"dcim/sites/{site['id']}/")[1]["tenant"]["name"] == tenant["name"]
    word = {"name": f"new {stranger['id']}", "slug": f"new-{stranger['id']}"}
    assert client.post("dcim/sites/", {**word, "tenant": tenant["id"]})[0] == 400
    new = client.make("dcim/sites/", **word, tenant=stranger["id"])
    assert client.delete(f"dcim/sites/{new['id']}/")[0] == 204
    with hurt.without("tenancy"):
        _administer(
            hurt, "DROP DATABASE patchbay_tenancy WITH (FORCE)", "ALTER DATABASE kept RENAME TO patchbay_tenancy"
        )
    assert client.patch(f"tenancy/tenants/{tenant['id']}/", {"name": f"back {tenant['id']}"})[0] == 200
    assert client.get(f"dcim/sites/{site['id']}/")[1]["tenant"]["name"] == f"back {tenant['id']}"
    assert client.delete(f"tenancy/tenants/{tenant['id']}/")[0] == 409
    assert findings(hurt, "--repair") == set()


_REFERRED_TENANTS = "SELECT DISTINCT tenant_id FROM dcim_site WHERE tenant_id IS NOT NULL"


def test_a_holder_restored_from_a_backup(hurt, client, make):
    tenant, later = make("tenancy/tenants"), make("tenancy/tenants")
    site = make("dcim/sites", tenant=tenant["id"])
    with restored(hurt, "dcim"):
        make("dcim/sites", tenant=later["id"])
        client.patch(f"tenancy/tenants/{tenant['id']}/", {"name": f"newer {tenant['id']}"})
    eventually(lambda: "dcim is behind what tenancy remembers" in hurt.run("status").stdout, "it is noticed")
    found = findings(hurt)
    assert {"dcim: restored: dcim", f"dcim: orphaned claim: tenancy.tenant {later['id']}"} <= found
    assert client.get(f"dcim/sites/{site['id']}/")[1]["tenant"]["name"] == f"newer {tenant['id']}"
    assert findings(hurt, "--repair") == set()


def test_an_owner_whose_connections_break_while_it_is_referred_to_has_lost_nothing(hurt, make, tenancy):
    """After each break it asks its holders what they remember, who are being given new numbers meanwhile."""
    tenants = [make("tenancy/tenants") for _ in range(REFERENCES)]
    breaking = """
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
    """

    def refer(tenant: dict) -> int:
        word = f"broken-{tenant['id']}"
        body = {"name": word, "slug": word, "tenant": tenant["id"]}
        return Client(hurt.base_url, hurt.token).post("dcim/sites/", body)[0]

    statuses: Counter[int] = Counter()
    with ThreadPoolExecutor(4) as pool:
        for done in as_completed([pool.submit(refer, tenant) for tenant in tenants]):
            statuses[done.result()] += 1
            execute(tenancy, breaking)
    assert set(statuses) <= {201, 503} and statuses[201]
    # While the owner makes new connections and is slow to answer, there is no audit to read.
    eventually(lambda: hurt.run("audit").returncode == 0, "what was begun is finished, and nobody is called restored")


def test_a_claim_that_no_contract_allows_is_refused_and_hurts_no_audit(hurt, tenancy):
    plan, asked = Plan.load(hurt.folder), {"label": "tenancy.tenant", "ids": [1], "facts": [], "restricting": True}
    path, body = "/internal/tenancy/claims", orjson.dumps(asked)
    identity = sign(plan.signing_key("tenancy"), Identity(service="secrets"), "POST", path, body=digest(body))
    headers = {HEADER: identity, "Content-Type": "application/json", **protocol.as_header()}
    refused = requests.post(plan.health_base("tenancy") + path, data=body, headers=headers)
    assert (refused.status_code, "does not give it to secrets" in refused.text) == (403, True)
    claim = "INSERT INTO reference_claim (service, label, object_id, restricting) VALUES ('dcim', %s, 1, false)"
    execute(tenancy, claim, "tenancy.tenantgroup")
    assert findings(hurt) == {"dcim: orphaned claim: tenancy.tenantgroup"}
    assert findings(hurt, "--repair") == set()
    assert execute(tenancy, "SELECT FROM reference_claim WHERE label = 'tenancy.tenantgroup'") == []


def test_a_holder_that_is_gone_for_good_is_retired_and_may_come_back(hurt, client, make, tenancy):
    tenant = make("tenancy/tenants")
    circuit = {"provider": make("circuits/providers")["id"], "type": make("circuits/circuit-types")["id"]}
    circuit = client.make("circuits/circuits/", cid="C", tenant=tenant["id"], **circuit)
    waiting = "SELECT count(*) FROM reference_outbox WHERE service = 'circuits'"
    running = hurt.run("retire", "circuits")
    assert (running.returncode, "stop it first" in running.stderr) == (1, True)
    with hurt.without("circuits"):
        for turn in range(3):
            reply = client.request("PATCH", f"tenancy/tenants/{tenant['id']}/", {"name": f"{turn} {tenant['id']}"})
            assert (reply.status_code, reply.headers.get("X-Degraded")) == (200, "circuits")
        assert execute(tenancy, waiting) == [(1,)]
        eventually(lambda: "circuits lacks 1 changes of tenancy" in hurt.run("status").stdout, "it is shown")
        assert client.delete(f"tenancy/tenants/{tenant['id']}/")[0] == 503
        assert hurt.run("retire", "circuits").returncode == 0
        assert execute(tenancy, waiting) == [(0,)]
        reply = client.request("PATCH", f"tenancy/tenants/{tenant['id']}/", {"name": f"free {tenant['id']}"})
        assert (reply.status_code, reply.headers.get("X-Degraded")) == (200, None)
    shown = f"circuits/circuits/{circuit['id']}/"
    eventually(lambda: client.get(shown)[1]["tenant"]["name"] == f"free {tenant['id']}", "it has claimed anew")
    assert client.delete(f"tenancy/tenants/{tenant['id']}/")[0] == 409
    findings(hurt, "--repair")
    assert findings(hurt) == set()


def test_an_audit_while_an_owner_is_down_names_it(hurt):
    with hurt.without("tenancy"):
        audited = hurt.run("audit")
    assert audited.returncode == 1
    assert "answers 503" in audited.stderr
    assert "The tenancy service does not answer." in audited.stderr
