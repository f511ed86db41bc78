"""What an owner tells and a holder cannot keep, as when the holder's release has a shorter column."""

import pytest

from tests.faults.conftest import execute
from tests.running import eventually

LONG = "a name that only a later release keeps"


def tenant_of(client, site):
    return client.get(f"dcim/sites/{site['id']}/")[1]["tenant"]["name"]


@pytest.fixture
def narrow(database):
    """Has dcim keep only so many characters of the names of tenants; `widen()` is its next release."""
    connection = database("dcim")
    connection.autocommit = True

    def keep(length: int) -> None:
        execute(connection, f"ALTER TABLE tenancy_tenant ALTER COLUMN name TYPE varchar({length})")

    keep(30)
    yield keep
    keep(100)


def test_what_does_not_fit_holds_up_nothing_else_and_is_tried_again(hurt, client, make, narrow, database):
    tenants = [make("tenancy/tenants") for _ in range(3)]
    sites = [make("dcim/sites", tenant=each["id"]) for each in tenants]
    # As of a release whose names are longer: the owner's column takes them, its field would not yet.
    owner = database("tenancy")
    execute(owner, "ALTER TABLE tenancy_tenant ALTER COLUMN name TYPE varchar(100)")
    execute(owner, "UPDATE tenancy_tenant SET name = %s WHERE id = %s", LONG, tenants[0]["id"])
    owner.commit()
    reply = client.request("PATCH", f"tenancy/tenants/{tenants[1]['id']}/", {"name": "Short"})
    assert reply.status_code == 200
    eventually(lambda: tenant_of(client, sites[1]) == "Short", "what fits arrives")
    eventually(
        lambda: "cannot apply what it was told of 1 objects of tenancy" in hurt.run("status").stdout, "it is said"
    )
    assert tenant_of(client, sites[0]) == tenants[0]["name"]
    reply = client.request("PATCH", f"tenancy/tenants/{tenants[2]['id']}/", {"name": "Shorter"})
    assert (reply.status_code, reply.headers.get("X-Degraded"), tenant_of(client, sites[2])) == (200, None, "Shorter")
    reply = client.request("PATCH", f"tenancy/tenants/{tenants[0]['id']}/", {"slug": "just-the-slug"})
    assert (reply.status_code, reply.headers.get("X-Degraded")) == (200, "dcim")

    newcomer = make("tenancy/tenants")
    execute(owner, "UPDATE tenancy_tenant SET name = %s WHERE id = %s", f"{LONG}, too", newcomer["id"])
    owner.commit()
    reply = client.request("PATCH", f"dcim/sites/{sites[1]['id']}/", {"tenant": newcomer["id"]})
    assert reply.status_code == 503
    assert "cannot keep" in reply.json()["detail"]
    assert "is not what its owner has" in hurt.run("audit").stdout

    narrow(100)
    eventually(lambda: tenant_of(client, sites[0]) == LONG, "it is tried again")
    assert client.patch(f"dcim/sites/{sites[1]['id']}/", {"tenant": newcomer["id"]})[0] == 200
    eventually(lambda: "cannot apply" not in hurt.run("status").stdout, "nothing is set aside any more")
    for site in sites:
        assert client.delete(f"dcim/sites/{site['id']}/")[0] == 204
    for tenant in (*tenants, newcomer):
        assert client.delete(f"tenancy/tenants/{tenant['id']}/")[0] == 204
    execute(owner, "ALTER TABLE tenancy_tenant ALTER COLUMN name TYPE varchar(30)")
    owner.commit()
    audited = hurt.run("audit")
    assert audited.returncode == 0, audited.stdout
