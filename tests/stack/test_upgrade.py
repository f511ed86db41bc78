"""A data folder of a release that had fewer services."""

import json
from contextlib import closing
from typing import Any

import psycopg2

from stack.folder import write_private
from stack.postgres import Cluster
from tests.client import Client
from tests.running import Stack

NEWEST = "virtualization"


def forget(stack: Stack, service: str) -> None:
    """Leave the folder of a stack as a release without `service` would."""
    cluster, database = Cluster(stack.folder), f"patchbay_{service}"
    password = stack.folder.database_password("postgres")
    with cluster.running():
        server: dict[str, Any] = {
            "host": str(cluster.socket_folder),
            "user": "postgres",
            "dbname": "postgres",
            "password": password,
        }
        with closing(psycopg2.connect(**server)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE {database}")
                cursor.execute(f"DROP ROLE {database}")
    plan = json.loads(stack.folder.plan.read_text())
    del plan["ports"][service]
    write_private(stack.folder.plan, json.dumps(plan))


def test_it_gets_the_database_of_a_new_service(make_stack) -> None:
    stack = make_stack().start()
    Client(stack.base_url, stack.token).make("tenancy/tenants/", name="Kept", slug="kept")
    assert stack.down().returncode == 0
    forget(stack, NEWEST)
    told = stack.run("status")
    assert (told.returncode, len(told.stderr.splitlines())) == (1, 1)
    assert f"a release without {NEWEST}" in told.stderr
    api = Client(stack.start().base_url, stack.token)
    assert api.get("virtualization/clusters/")[1]["count"] == 0
    assert api.results("tenancy/tenants/")[0]["name"] == "Kept"
    assert stack.run("audit").returncode == 0
