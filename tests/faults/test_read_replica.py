"""Reads from a streaming replica never show less than was acknowledged, whatever becomes of the replica."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from shared.config import surroundings
from shared.db.database import Database
from stack.plan import POSTGRES
from stack.postgres import SETTINGS, Cluster
from stack.unprivileged import binaries, give_to_system_user, run_as_system_user
from tests.client import Client
from tests.running import Stack, eventually
from tests.telemetry.scraping import value

WRITERS, TURNS = 4, 40


class Replica:
    """A streaming replica of the embedded PostgreSQL of a stack, as `pg_basebackup` makes it."""

    def __init__(self, stack: Stack) -> None:
        self.cluster = Cluster(stack.folder)
        self.home = Path(tempfile.mkdtemp(prefix="patchbay-replica-", dir="/tmp"))
        give_to_system_user(self.home)
        self.path = self.home / "data"
        self._password = stack.folder.database_password("postgres")
        command = [str(binaries() / "pg_basebackup"), "-D", str(self.path), "-h", str(self.cluster.socket_folder)]
        run_as_system_user(
            subprocess.run,
            [*command, "-U", "postgres", "-R", "-c", "fast", "-X", "stream"],
            env=surroundings() | {"PGPASSWORD": self._password},
            check=True,
        )
        self.start()

    def start(self) -> None:
        options = {**SETTINGS, "unix_socket_directories": str(self.home)}
        words = [word for name, text in options.items() for word in ("-c", f"{name}={text}")]
        command = [str(binaries() / "postgres"), "-D", str(self.path), *words]
        with (self.home / "log").open("ab") as log:
            self.server = run_as_system_user(subprocess.Popen, command, stdout=log, stderr=log)
        eventually(self._answers, "the replica answers")

    def _answers(self) -> bool:
        try:
            return self.run("SELECT pg_is_in_recovery()") is True
        except psycopg2.OperationalError:
            return False

    def run(self, statement: str) -> object:
        """The value that a statement returns, as a superuser."""
        connection = psycopg2.connect(host=str(self.home), user="postgres", dbname="postgres", password=self._password)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            found = cursor.fetchone()
        connection.close()
        return found and found[0]

    def url(self, name: str) -> str:
        password = self.cluster.folder.database_password(name)
        return f"postgresql+psycopg2://{name}:{password}@/{name}?host={quote(str(self.home), safe='')}"

    def kill(self) -> None:
        self.server.kill()
        self.server.wait()

    def remove(self) -> None:
        if self.server.poll() is None:
            self.kill()
        shutil.rmtree(self.home)


@pytest.fixture(scope="module")
def replicated(make_stack) -> Iterator[tuple[Stack, Replica]]:
    """A stack whose tenancy reads from a replica."""
    stack = make_stack().start()
    replica = Replica(stack)
    try:
        url = replica.url("patchbay_tenancy")
        assert stack.run("config", f"PATCHBAY_TENANCY_DATABASE_REPLICA_URL={url}").returncode == 0
        assert stack.run("restart", "tenancy").returncode == 0
        yield stack, replica
    finally:
        replica.remove()


def served(stack: Stack, source: str) -> float:
    return value(stack, "tenancy", "reads_total", app="tenancy", source=source)


def write_and_read(stack: Stack, number: int) -> list[str]:
    """What was read after a write, by another client, and was not what was written; or was no answer."""
    client, other = Client(stack.base_url, stack.token), Client(stack.base_url, stack.token)
    status, found = client.get("tenancy/tenants/", slug=f"replicated-{number}")
    tenants = found["results"] if isinstance(found, dict) else []
    made = tenants or [client.make("tenancy/tenants/", name=f"Replicated {number}", slug=f"replicated-{number}")]
    pk, stale = made[0]["id"], []
    for turn in range(TURNS):
        description = f"Turn {turn} of {number}"
        status, _ = client.patch(f"tenancy/tenants/{pk}/", {"description": description})
        assert status == 200
        status, read = other.get(f"tenancy/tenants/{pk}/")
        if status != 200 or not isinstance(read, dict) or read["description"] != description:
            stale.append(f"{status}: {read}")
    return stale


def stale_reads(stack: Stack) -> list[str]:
    with ThreadPoolExecutor(WRITERS) as pool:
        found = pool.map(lambda number: write_and_read(stack, number), range(WRITERS))
        return [each for stale in found for each in stale]


def test_what_was_written_is_read_at_once_and_the_replica_serves(replicated) -> None:
    stack, _ = replicated
    assert stale_reads(stack) == []
    assert served(stack, "replica") > 0


def test_a_replica_that_stands_still_is_left_out_and_serves_again_when_it_has_caught_up(replicated) -> None:
    stack, replica = replicated
    replica.run("SELECT pg_wal_replay_pause()")
    eventually(lambda: replica.run("SELECT pg_get_wal_replay_pause_state()") == "paused", "it stands still")
    try:
        before = served(stack, "primary")
        assert stale_reads(stack) == []
        assert served(stack, "primary") >= before + WRITERS * TURNS
    finally:
        replica.run("SELECT pg_wal_replay_resume()")
    serves_again(stack)


def test_a_replica_that_is_killed_fails_no_read(replicated) -> None:
    stack, replica = replicated
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(stale_reads, stack)
        replica.kill()
        assert reading.result() == []
    replica.start()
    serves_again(stack)


def test_a_standby_is_not_taken_for_the_primary(replicated) -> None:
    _, replica = replicated
    database = Database(replica.url("patchbay_tenancy"))
    with pytest.raises(OperationalError, match="standby"), database.reading():
        pass


def test_a_replica_that_a_new_primary_was_behind_of_serves_no_read(replicated) -> None:
    """It has applied what the other never had, and stays as it is; positions alone would say that it is further."""
    stack, replica = replicated
    stays, successor = replica, Replica(stack)
    try:
        successor.kill()
        primary = Database(stack.database_url("tenancy"))
        with primary.reading() as connection:
            connection.execute(text("SELECT pg_logical_emit_message(false, 'patchbay', repeat('x', 1000000), true)"))
            position = connection.scalar(text("SELECT CAST(pg_current_wal_flush_lsn() AS text)"))
        behind = f"SELECT pg_last_wal_replay_lsn() >= '{position}'"
        eventually(lambda: stays.run(behind), "the replica has applied it")
        with stack.without(POSTGRES):
            successor.start()
            assert successor.run(behind) is False
            successor.run("SELECT pg_promote()")
            name = "patchbay_tenancy"
            promoted = Database(successor.url(name), replica_url=stays.url(name))
            with promoted.serving() as connection:
                assert connection.scalar(text("SELECT pg_is_in_recovery()")) is False
            promoted.engine.dispose()
        primary.engine.dispose()
    finally:
        successor.remove()
    serves_again(stack)


def test_a_replica_that_was_promoted_is_no_replica_any_more(replicated) -> None:
    stack, replica = replicated
    replica.run("SELECT pg_promote()")
    before = served(stack, "replica")
    assert stale_reads(stack) == []
    assert served(stack, "replica") == before


def serves_again(stack: Stack) -> None:
    client = Client(stack.base_url, stack.token)
    before = served(stack, "replica")
    eventually(lambda: client.get("tenancy/tenants/")[0] == 200 and served(stack, "replica") > before, "it serves")
