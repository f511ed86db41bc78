"""The life of a stack: started, started again, hurt in every process, stopped."""

import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import psycopg2
import pytest
import requests

from shared.config import SERVICES
from stack import gunicorn_service, processes
from stack.plan import GATEWAY, Plan, address_variable
from stack.settings_file import key_variable
from tests.running import Stack, eventually, free_port, leader, lives, patchbay


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
    leading = [*processes.supervisors(stack.folder), *stack.processes.values()]
    return {*leading, *(child for each in leading for child in each.children(recursive=True))}


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
    for name in ("supervisor", "standby", "postgres", "gateway", *SERVICES):
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
    for name in ("admin-token", "secret-key", "run.json", "settings.env", "logs/gateway.log"):
        assert (running.data / name).stat().st_mode & 0o077 == 0
    assert len(running.token) == 40
    assert running.token not in running.log()


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
    assert [process for process in before if lives(process)] == []
    assert running.run("status").returncode == 1
    again = running.up()
    assert again.returncode == 0
    assert "password" not in again.stdout
    assert running.token == token
    assert query(running, "SELECT word FROM keepsake") == [("kept",)]
    query(running, "DROP TABLE keepsake")


@pytest.mark.parametrize("victim", [processes.SUPERVISOR, processes.STANDBY])
def test_a_killed_supervisor_comes_back_and_the_programs_stay(running: Stack, victim: str) -> None:
    before, programs = processes.supervisors(running.folder), running.processes
    leader(running.folder, victim).kill()
    eventually(lambda: len(set(processes.supervisors(running.folder)) - set(before)) == 1, "there are two again")
    running.wait_until_healthy()
    assert running.processes == programs
    running.kill("ipam")
    eventually(lambda: running.processes.get("ipam") not in (None, programs["ipam"]), "ipam is supervised")
    running.wait_until_healthy()


def _are_two_without(running: Stack, killed: psutil.Process) -> bool:
    watching = processes.supervisors(running.folder)
    return len(watching) == 2 and killed not in watching


def test_whatever_dies_of_those_that_watch_is_watched_again(running: Stack) -> None:
    programs = running.processes
    for _ in range(6):
        before = processes.supervisors(running.folder)
        before[0].kill()
        eventually(partial(_are_two_without, running, before[0]), "there are two again")
    running.wait_until_healthy()
    assert running.processes == programs


def test_status_tells_of_a_supervisor_that_is_stopped(running: Stack) -> None:
    running.wait_until_healthy()
    supervisor = leader(running.folder, processes.SUPERVISOR)
    supervisor.suspend()
    try:
        shown = running.run("status")
    finally:
        supervisor.resume()
    assert shown.returncode == 1
    (line,) = [line for line in shown.stdout.splitlines() if line.startswith("supervisor ")]
    assert line.split() == ["supervisor", "pid", str(supervisor.pid), "port", "-", "is", "stopped"]


@pytest.mark.parametrize("victims", ["both supervisors", "all but workers"])
def test_down_cleans_up_after_a_crash(running: Stack, victims: str) -> None:
    before = everything(running)
    watching = processes.supervisors(running.folder)
    for victim in watching:
        victim.suspend()
    for victim in (*watching, *(running.processes.values() if victims == "all but workers" else ())):
        victim.kill()
    first, *_ = running.run("status").stdout.splitlines()
    assert first.split() == ["supervisor", "pid", "-", "port", "-", "not", "running"]
    refused = running.up()
    if victims == "both supervisors":
        assert refused.returncode == 1
        assert "already running" in refused.stderr
    assert running.down().returncode == 0
    left = [process for process in before if lives(process)]
    assert left == []


def test_restart_gives_one_program_another_process(running: Stack) -> None:
    before = running.processes
    done = running.run("restart", "tenancy")
    assert (done.returncode, done.stdout) == (0, "Restarted tenancy.\n")
    after = running.processes
    assert {name for name in before if after[name] != before[name]} == {"tenancy"}
    refused = running.run("restart", "nothing")
    assert refused.returncode == 1 and "nothing is none of" in refused.stderr


def test_a_restart_has_a_service_know_a_changed_setting(running: Stack) -> None:
    assert running.run("config", "PAGINATE_COUNT=7").returncode == 0
    assert running.run("restart", "tenancy").returncode == 0
    assert running.processes["tenancy"].environ()["PAGINATE_COUNT"] == "7"
    assert running.run("config", "PAGINATE_COUNT=").returncode == 0


def test_logs_shows_what_each_program_wrote(running: Stack) -> None:
    one, every = running.run("logs", "ipam", "-n", 3), running.run("logs")
    assert one.returncode == every.returncode == 0
    assert 0 < len(one.stdout.splitlines()) <= 3
    assert {line.split()[0] for line in one.stdout.splitlines()} == {"ipam"}
    assert {line.split()[0] for line in every.stdout.splitlines()} >= {"ipam", "postgres", "gateway"}
    assert "there is no log of nothing" in running.run("logs", "nothing").stderr


def test_an_audit_from_elsewhere_asks_the_services_at_their_addresses(running: Stack, tmp_path: Path) -> None:
    """As in a container, where nothing was ever started by a launcher."""
    plan = Plan.load(running.folder)
    known = {address_variable(service): plan.health_base(service) for service in SERVICES}
    known |= {key_variable(service): plan.signing_key(service) for service in SERVICES}
    done = patchbay("audit", "--data", tmp_path / "empty", environment=known)
    assert (done.returncode, done.stdout) == (0, "0 findings\n")
    assert "dcim: its tables are not compared" in done.stderr and not (tmp_path / "empty").exists()


def test_the_state_from_elsewhere_is_what_the_programs_answer(running: Stack, tmp_path: Path) -> None:
    plan = Plan.load(running.folder)
    known = {address_variable(name): plan.health_base(name) for name in (*SERVICES, GATEWAY)}
    known |= {key_variable(service): plan.signing_key(service) for service in SERVICES}
    known["PATCHBAY_IPAM_URL"] = f"http://127.0.0.1:{free_port()}"
    done = patchbay("status", "--data", tmp_path / "empty", environment=known)
    shown = {line.split()[0]: line.split(maxsplit=2)[1:] for line in done.stdout.splitlines()}
    expected = {name: [known[address_variable(name)], "healthy"] for name in (*SERVICES, GATEWAY)}
    assert (done.returncode, shown) == (1, expected | {"ipam": [known["PATCHBAY_IPAM_URL"], "does not answer"]})
    known["PATCHBAY_GATEWAY_URL"] = ""
    unknown = patchbay("status", "--data", tmp_path / "empty", environment=known)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr == "patchbay: PATCHBAY_GATEWAY_URL must say where gateway answers\n"


def test_what_runs_elsewhere_is_not_restarted_from_here(running: Stack, tmp_path: Path) -> None:
    plan = Plan.load(running.folder)
    known = {address_variable(name): plan.health_base(name) for name in SERVICES}
    done = patchbay("restart", "dcim", "--data", tmp_path / "empty", environment=known)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "the programs are run by somebody else" in done.stderr
