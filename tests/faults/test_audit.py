"""What `patchbay audit` finds, mends and leaves alone; and services that come back from a backup."""

from contextlib import closing, contextmanager

import psycopg2
import pytest

from stack.postgres import Cluster
from tests.faults.conftest import execute
from tests.running import Stack, eventually


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
    assert findings(hurt) == {
        "dcim: restored: tenancy",
        f"dcim: stale: tenancy.tenant {kept['id']}",
        f"dcim: dangling: tenancy.tenant {lost['id']}",
    }
    assert findings(hurt, "--repair") == {f"dcim: dangling: tenancy.tenant {lost['id']}"}
    assert client.patch(f"dcim/sites/{site['id']}/", {"tenant": kept["id"]})[0] == 200
    assert client.get(f"dcim/sites/{site['id']}/")[1]["tenant"]["name"] == kept["name"]
    assert findings(hurt, "--repair") == set()
    assert "remembers" not in hurt.run("status").stdout


def test_a_holder_restored_from_a_backup(hurt, client, make):
    tenant, later = make("tenancy/tenants"), make("tenancy/tenants")
    site = make("dcim/sites", tenant=tenant["id"])
    with restored(hurt, "dcim"):
        make("dcim/sites", tenant=later["id"])
        client.patch(f"tenancy/tenants/{tenant['id']}/", {"name": f"newer {tenant['id']}"})
    eventually(lambda: "dcim is behind what tenancy remembers" in hurt.run("status").stdout, "it is noticed")
    assert findings(hurt) == {
        "dcim: restored: dcim",
        f"dcim: stale: tenancy.tenant {tenant['id']}",
        f"dcim: orphaned claim: tenancy.tenant {later['id']}",
    }
    assert findings(hurt, "--repair") == set()
    assert client.get(f"dcim/sites/{site['id']}/")[1]["tenant"]["name"] == f"newer {tenant['id']}"
