"""The life of a stack: started, started again, hurt in every process, stopped."""

import socket
from collections.abc import Callable

import psutil
import psycopg2
import pytest
import requests

from shared.config import SERVICES
from stack import gunicorn_service, processes
from tests.running import Stack, eventually, leader


@pytest.fixture(scope="module")
def private(make_stack: Callable[..., Stack]) -> Stack:
    return make_stack().start()


@pytest.fixture
def running(private: Stack) -> Stack:
    """The module's stack, put right again if the test before left it down or hurt."""
    if set(private.health().values()) != {"healthy"}:
        private.down()
        private.start()
    return private


def everything(stack: Stack) -> set[psutil.Process]:
    supervisor = leader(stack.folder, processes.SUPERVISOR)
    return {supervisor, *supervisor.children(recursive=True)}


def query(stack: Stack, statement: str) -> list[tuple]:
    connection = psycopg2.connect(stack.database_url("tenancy").replace("+psycopg2", ""))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_everything_answers_and_status_says_so(running: Stack) -> None:
    shown = running.run("status")
    assert shown.returncode == 0
    for name in ("supervisor", "postgres", "gateway", *SERVICES):
        assert any(line.startswith(name) and line.endswith("healthy") for line in shown.stdout.splitlines())
    assert requests.get(f"{running.base_url}/healthz", timeout=10).status_code == 200


def test_no_header_says_which_path_is_asked_for(running: Stack) -> None:
    for path, status in (("/api/", 200), ("/below/api/", 404)):
        reply = requests.get(running.base_url + path, headers={"SCRIPT_NAME": "/below"}, timeout=10)
        assert reply.status_code == status


def test_who_falls_silent_in_the_middle_gives_the_thread_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gunicorn_service, "SILENT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gunicorn_service.limit_silence([listener])
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            with pytest.raises(BlockingIOError):
                accepted.recv(1)
            with pytest.raises(BlockingIOError):
                accepted.sendall(bytes(100_000_000))


def test_secrets_are_readable_by_their_owner_only(running: Stack) -> None:
    for name in ("admin-token", "secret-key", "run.json", "patchbay.log"):
        assert (running.data / name).stat().st_mode & 0o077 == 0
    assert len(running.token) == 40
    assert running.token not in running.folder.log.read_text()


def test_the_database_lets_nobody_in_without_the_password(running: Stack) -> None:
    url = running.database_url("tenancy").replace("+psycopg2", "")
    password = running.folder.database_password("patchbay_tenancy")
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(url.replace(password, "guess"))
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(url.replace("/patchbay_tenancy?", "/patchbay_dcim?"))


def test_each_service_is_told_its_own_key_and_database_only(running: Stack) -> None:
    for service in SERVICES:
        told = running.processes[service].environ()
        secrets = {name for name in told if name.endswith(("_KEY", "_DATABASE_URL")) and "PATCHBAY" in name}
        assert secrets == {f"PATCHBAY_{service.upper()}_KEY", f"PATCHBAY_{service.upper()}_DATABASE_URL"}


def test_up_on_a_running_folder_says_so_and_harms_nothing(running: Stack) -> None:
    again = running.up()
    assert again.returncode == 1
    assert "already running" in again.stderr
    assert set(running.health().values()) == {"healthy"}


def test_migrate_works_while_the_stack_runs(running: Stack) -> None:
    assert running.run("migrate").returncode == 0
    assert set(running.health().values()) == {"healthy"}


@pytest.mark.parametrize("name", [*SERVICES, "gateway", "postgres"])
def test_a_killed_process_comes_back_and_the_others_stay(running: Stack, name: str) -> None:
    before = running.processes
    running.kill(name)
    eventually(lambda: running.processes.get(name, before[name]) != before[name], f"{name} is started again")
    running.wait_until_healthy()
    after = running.processes
    assert {other for other in before if after[other] != before[other]} == {name}


def test_a_killed_worker_comes_back(running: Stack) -> None:
    master = running.processes["dcim"]
    (worker,) = master.children()
    worker.kill()
    eventually(lambda: set(master.children()) - {worker}, "a new worker")
    running.wait_until_healthy()


def test_status_fails_when_something_is_down(running: Stack) -> None:
    family = [running.processes["ipam"], *running.processes["ipam"].children()]
    for each in family:
        each.suspend()
    try:
        shown = running.run("status")
    finally:
        for each in family:
            each.resume()
    assert shown.returncode == 1
    assert [line for line in shown.stdout.splitlines() if not line.endswith("healthy")]


def test_down_leaves_no_process_and_up_finds_everything_again(running: Stack) -> None:
    query(running, "CREATE TABLE keepsake AS SELECT 'kept' AS word")
    token = running.token
    before = everything(running)
    assert running.down().returncode == 0
    assert [process for process in before if process.is_running()] == []
    assert running.run("status").returncode == 1
    again = running.up()
    assert again.returncode == 0
    assert "password" not in again.stdout
    assert running.token == token
    assert query(running, "SELECT word FROM keepsake") == [("kept",)]
    query(running, "DROP TABLE keepsake")


@pytest.mark.parametrize("victims", ["supervisor", "watchers", "keepers"])
def test_down_cleans_up_after_a_crash(running: Stack, victims: str) -> None:
    before = everything(running)
    supervisor = leader(running.folder, processes.SUPERVISOR)
    chosen = {
        "supervisor": [supervisor],
        "watchers": [supervisor, *supervisor.children()],
        "keepers": [
            supervisor,
            *(keeper for watcher in supervisor.children() for keeper in watcher.children()),
        ],
    }
    for victim in chosen[victims]:
        victim.kill()
    refused = running.up()
    assert refused.returncode == 1
    assert "already running" in refused.stderr
    assert running.down().returncode == 0
    left = [process for process in before if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert left == []
