"""What `up` refuses: one clear line, exit status 1, and nothing left running."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from stack import processes
from stack.postgres import Cluster
from stack.settings_file import DATABASES, url_variable
from tests.running import Stack, patchbay
from tests.stack.revisions import set_revision


@pytest.fixture(scope="module")
def stopped(make_stack: Callable[..., Stack]) -> Stack:
    """A stack whose databases exist and that is not running."""
    made = make_stack()
    assert made.run("migrate").returncode == 0
    return made


def refuses(stack: Stack, *words: str, **environment: str) -> str:
    result = stack.up(**environment)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert [word for word in words if word not in result.stderr] == []
    assert processes.alive(stack.folder) == []
    assert not (Cluster(stack.folder).path / "postmaster.pid").exists()
    return result.stderr


def test_a_taken_port(stopped: Stack) -> None:
    with socket.create_server(("127.0.0.1", stopped.port)):
        refuses(stopped, str(stopped.port), "taken")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = patchbay("up", "--detach", "--data", tmp_path / "file" / "data")
    assert result.returncode == 1
    assert result.stderr.startswith("patchbay: cannot write to the data folder")
    assert len(result.stderr.splitlines()) == 1


def test_a_host_that_is_none(stopped: Stack) -> None:
    result = stopped.run("up", "--detach", "--host", "nowhere.invalid")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("patchbay: --host nowhere.invalid: ") and "taken" not in result.stderr
    elsewhere = stopped.run("up", "--detach", "--host", "192.0.2.1", "--port", stopped.port)
    assert elsewhere.stderr == (
        f"patchbay: nobody can listen on port {stopped.port} of 192.0.2.1: Cannot assign requested address\n"
    )


@pytest.fixture
def new(make_stack: Callable[..., Stack]) -> Stack:
    """A stack with nothing in its folder."""
    return make_stack()


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:hidden@127.0.0.1/x", "postgresql://u:hidden@127.0.0.1:1/x"])
def test_a_wrong_database_url(new: Stack, url: str) -> None:
    elsewhere = {url_variable(owner): url for owner in DATABASES}
    line = refuses(new, "PATCHBAY_DCIM_DATABASE_URL", **elsewhere)
    assert "hidden" not in line
    assert not new.folder.settings.exists()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_database_that_does_not_answer(new: Stack, scheme: str) -> None:
    elsewhere = {url_variable(owner): f"{scheme}://u:hidden@127.0.0.1:1/x" for owner in DATABASES}
    assert "does not work" in refuses(new, "PATCHBAY_DCIM_DATABASE_URL", **elsewhere)


def test_wrong_credentials(new: Stack, stopped: Stack) -> None:
    with stopped_cluster_running(stopped):
        password = stopped.folder.database_password("patchbay_dcim")
        url = stopped.database_url("dcim").replace(password, "hidden")
        result = new.run("migrate", "dcim", PATCHBAY_DCIM_DATABASE_URL=url)
    assert result.returncode == 1
    assert "PATCHBAY_DCIM_DATABASE_URL" in result.stderr
    assert "hidden" not in result.stderr


def stopped_cluster_running(stack: Stack):
    return Cluster(stack.folder).running()


def test_a_token_that_is_none(stopped: Stack) -> None:
    line = refuses(stopped, "PATCHBAY_ADMIN_TOKEN", PATCHBAY_ADMIN_TOKEN="not hexadecimal")
    assert "not hexadecimal" not in line


def test_a_database_of_a_later_release_that_this_one_cannot_work_on(stopped: Stack) -> None:
    with stopped_cluster_running(stopped):
        set_revision(stopped, "tenancy", "9999", needed="9998")
    refuses(stopped, "tenancy", "later release", "9998")


def test_commands_on_a_folder_where_nothing_was_started(tmp_path: Path) -> None:
    for command in ("down", "status"):
        result = patchbay(command, "--data", tmp_path / "nothing")
        assert result.returncode == 1
        assert "nothing was ever started" in result.stderr
        assert not (tmp_path / "nothing").exists()
