"""A filled database is migrated while it is read and written, and somebody's transaction is open."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest

from shared.config import surroundings
from tests.releases.load import load
from tests.releases.mixture import Mixture
from tests.releases.trees import TODAY, Release
from tests.running import eventually

ROWS = 20000


@pytest.fixture(scope="module")
def mixture(mix) -> Mixture:
    return mix(TODAY)


@contextmanager
def database(mixture: Mixture, owner: str) -> Iterator[psycopg2.extensions.connection]:
    url = mixture.plan.database_url(owner).replace("+psycopg2", "")
    with closing(psycopg2.connect(url)) as connection:
        yield connection


class Migration:
    """`./patchbay migrate SERVICE` of a release, as it goes on: `said` are its lines."""

    def __init__(self, release: Release, mixture: Mixture, service: str) -> None:
        command = [sys.executable, "-P", "-u", "-m", "stack", "migrate", service, "--data", str(mixture.folder.path)]
        self.process = subprocess.Popen(
            command,
            cwd=release.home,
            env=surroundings() | {"PYTHONPATH": str(release.home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []
        self._reading = threading.Thread(target=lambda: self.said.extend(self.process.stdout or ()))
        self._reading.start()

    def has_said(self, what: str) -> bool:
        assert self.process.poll() is None or any(what in line for line in self.said), self.said
        return any(what in line for line in self.said)

    def end(self) -> int:
        status = self.process.wait()
        self._reading.join()
        if self.process.stdout:
            self.process.stdout.close()
        return status


def test_no_request_fails_while_a_reader_holds_up_a_migration(mixture, upcoming):
    with database(mixture, "tenancy") as filling, filling.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenancy_tenant (name, slug, description, comments, created, last_updated)"
            f" SELECT 'filled ' || n, 'filled-' || n, '', '', now(), now() FROM generate_series(1, {ROWS}) n"
        )
        filling.commit()
    with database(mixture, "tenancy") as reader, reader.cursor() as cursor, load(mixture) as running:
        cursor.execute("SELECT count(*) FROM tenancy_tenant")
        migration = Migration(upcoming, mixture, "tenancy")
        eventually(lambda: migration.has_said("waiting until nobody holds a lock"), "the migration waits")
        before = running.rounds
        eventually(lambda: running.rounds >= before + 3, "clients go on")
        assert migration.process.poll() is None
        reader.rollback()
        assert migration.end() == 0, migration.said
        before = running.rounds
        eventually(lambda: running.rounds > before, "clients go on with the new schema")
    assert not running.excused
    assert any("revision" in line for line in migration.said)
    mixture.replace("tenancy", upcoming)
    assert mixture.client.results("tenancy/tenants/", limit=1)[0]["priority"] == 5


def test_where_nothing_is_to_be_done_no_lock_is_needed(mixture):
    """All tables are locked by somebody: a migration with nothing to do does not care."""
    with database(mixture, "ipam") as other, other.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = ", ".join(name for (name,) in cursor.fetchall())
        cursor.execute(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")
        migration = Migration(TODAY, mixture, "ipam")
        assert migration.end() == 0, migration.said
        other.rollback()
    assert [line.strip() for line in migration.said] == ["Up to date: ipam."]


def test_a_trigger_that_is_missing_is_made_again_and_no_other(mixture):
    with database(mixture, "ipam") as other, other.cursor() as cursor:
        cursor.execute("DROP TRIGGER reference_changed ON ipam_vlan")
        other.commit()
        migration = Migration(TODAY, mixture, "ipam")
        assert migration.end() == 0, migration.said
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname = 'reference_changed'")
        assert cursor.fetchone()[0] > 1
    assert [line.strip() for line in migration.said] == ["Migrating ipam: triggers of ipam_vlan", "Up to date: ipam."]


def test_an_index_that_is_missing_or_half_made_is_made_while_others_write(mixture):
    with database(mixture, "ipam") as other, other.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'ipam_vlan' AND indexname LIKE 'ix_%'")
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute(f'DROP INDEX "{names[0]}"')
        other.commit()
        migration = Migration(TODAY, mixture, "ipam")
        assert migration.end() == 0, migration.said
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass", (names[0],))
        assert cursor.fetchone() == (True,)
    assert f"Migrating ipam: index {names[0]}" in [line.strip() for line in migration.said]
