"""What an owner tells and a holder cannot keep, as when the holder's release has a shorter column."""

import pytest

from tests.faults.conftest import execute
from tests.running import eventually

LONG = "a name that does not fit there"
ALSO_LONG = "one more that does not fit"


def tenant_of(client, site):
    return client.get(f"dcim/sites/{site['id']}/")[1]["tenant"]["name"]


@pytest.fixture
def narrow(database):
    """Has dcim keep only so many characters of the names of tenants, or any number."""
    connection = database("dcim")
    connection.autocommit = True

    def keep(length: int | None) -> None:
        execute(connection, "ALTER TABLE tenancy_tenant DROP CONSTRAINT IF EXISTS narrow")
        if length:
            check = f"CHECK (length(name) <= {length}) NOT VALID"
            execute(connection, f"ALTER TABLE tenancy_tenant ADD CONSTRAINT narrow {check}")

    yield keep
    keep(None)


def test_what_does_not_fit_holds_up_nothing_else_and_is_tried_again(hurt, client, make, narrow):
    tenants = [make("tenancy/tenants") for _ in range(3)]
    sites = [make("dcim/sites", tenant=each["id"]) for each in tenants]
    narrow(25)
    reply = client.request("PATCH", f"tenancy/tenants/{tenants[0]['id']}/", {"name": LONG})
    assert (reply.status_code, reply.headers.get("X-Degraded")) == (200, "dcim")
    reply = client.request("PATCH", f"tenancy/tenants/{tenants[1]['id']}/", {"name": "Short"})
    assert (reply.status_code, reply.headers.get("X-Degraded"), tenant_of(client, sites[1])) == (200, None, "Short")
    said = "cannot apply what it was told of 1 objects of tenancy"
    eventually(lambda: said in hurt.run("status").stdout, "it is said")
    assert tenant_of(client, sites[0]) == tenants[0]["name"]

    newcomer = client.make("tenancy/tenants/", name=ALSO_LONG, slug="one-more")
    reply = client.request("PATCH", f"dcim/sites/{sites[1]['id']}/", {"tenant": newcomer["id"]})
    assert reply.status_code == 503
    assert "cannot keep" in reply.json()["detail"]
    assert "is not what its owner has" in hurt.run("audit").stdout

    narrow(None)
    eventually(lambda: tenant_of(client, sites[0]) == LONG, "it is tried again")
    assert client.patch(f"dcim/sites/{sites[1]['id']}/", {"tenant": newcomer["id"]})[0] == 200
    assert tenant_of(client, sites[1]) == ALSO_LONG
    eventually(lambda: "cannot apply" not in hurt.run("status").stdout, "nothing is set aside any more")
    for site in sites:
        assert client.delete(f"dcim/sites/{site['id']}/")[0] == 204
    for tenant in (*tenants, newcomer):
        assert client.delete(f"tenancy/tenants/{tenant['id']}/")[0] == 204
    audited = hurt.run("audit")
    assert audited.returncode == 0, audited.stdout
