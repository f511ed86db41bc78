"""A stack whose databases are behind PgBouncer, which lends a connection for a session."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from stack import unprivileged
from stack.settings_file import DATABASES
from tests.client import Client
from tests.running import Stack, eventually, free_port
from tests.stack.own_postgresql import make_databases, server, urls

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/sbin:/bin")

pytestmark = pytest.mark.skipif(not PGBOUNCER, reason="PGBOUNCER IS MISSING: NO POOLER WAS TRIED")


@pytest.fixture(scope="module")
def pooled(make_stack) -> Iterator[Stack]:
    """A stack, not yet started, that reaches its databases by PgBouncer in session mode."""
    home, programs, behind, port = make_stack().home, unprivileged.binaries(), free_port(), free_port()
    with server(home / "server", programs, behind) as environment:
        make_databases(programs, environment)
        unprivileged.give_to_system_user(_configured(home / "pgbouncer", behind, port))
        command = [str(PGBOUNCER), str(home / "pgbouncer" / "pgbouncer.ini")]
        process = unprivileged.run_as_system_user(subprocess.Popen, command, stderr=subprocess.DEVNULL)
        stack = make_stack(**urls(port))
        try:
            eventually(lambda: _takes(port), "PgBouncer takes connections")
            yield stack
        finally:
            stack.down()
            process.terminate()
            process.wait()


def _configured(folder: Path, behind: int, port: int) -> Path:
    folder.mkdir()
    users = "".join(f'"patchbay_{owner}" "password-of-{owner}"\n' for owner in DATABASES)
    (folder / "users").write_text(users)
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={behind}\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port={port}\n"
        f"auth_type=scram-sha-256\nauth_file={folder}/users\nunix_socket_dir=\npool_mode=session\n"
        "default_pool_size=30\nmax_client_conn=1000\n"
    )
    return folder


def _takes(port: int) -> bool:
    try:
        psycopg2.connect(urls(port)["PATCHBAY_DCIM_DATABASE_URL"]).close()
        return True
    except psycopg2.OperationalError:
        return False


def test_a_stack_behind_a_pooler_of_sessions(pooled, tmp_path) -> None:
    pooled.start()
    api = Client(pooled.base_url, pooled.token)
    tenants = [api.make("tenancy/tenants/", name=f"Pooled {n}", slug=f"pooled-{n}")["id"] for n in range(20)]
    sites = [{"name": f"Pooled {pk}", "slug": f"pooled-{pk}", "tenant": pk} for pk in tenants]
    status, made = api.post("dcim/sites/", sites)
    assert status == 201, made
    assert api.patch(f"tenancy/tenants/{tenants[0]}/", {"name": "Pooled anew"})[0] == 200
    shown = api.get(f"dcim/sites/{made[0]['id']}/")[1]
    eventually(
        lambda: api.get(f"dcim/sites/{made[0]['id']}/")[1]["tenant"]["name"] == "Pooled anew", "the new name is told"
    )
    assert shown["tenant"]["id"] == tenants[0]
    assert api.delete(f"tenancy/tenants/{tenants[1]}/")[0] == 409
    assert pooled.run("migrate").returncode == 0
    assert pooled.run("audit").returncode == 0
    assert pooled.run("backup", tmp_path / "all").returncode == 0
