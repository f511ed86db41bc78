"""A data folder remembers how it was set up: every command knows, and what contradicts it is refused."""

from collections.abc import Callable

import pytest

from stack.postgres import Cluster
from stack.settings_file import DATABASES, url_variable
from tests.running import Stack, patchbay


@pytest.fixture(scope="module")
def server(make_stack: Callable[..., Stack]) -> Stack:
    """A stack that is not running, whose databases are others' external ones."""
    made = make_stack()
    assert made.run("migrate").returncode == 0
    return made


@pytest.fixture(scope="module")
def urls(server: Stack) -> dict[str, str]:
    return {url_variable(owner): server.database_url(owner).replace("+psycopg2", "") for owner in DATABASES}


@pytest.fixture(scope="module")
def external(server: Stack, urls: dict[str, str], make_stack: Callable[..., Stack]) -> Stack:
    """A folder that was set up with databases of the server."""
    made = make_stack()
    with Cluster(server.folder).running():
        done = made.run("migrate", **urls)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Up to date: every database.\n", "")
    return made


def test_a_shell_without_the_variables_works_on_the_same_databases(server: Stack, external: Stack) -> None:
    with Cluster(server.folder).running():
        migrated = external.run("migrate")
        listed = patchbay("token", "list", "admin", "--data", external.data)
    assert (migrated.returncode, migrated.stdout) == (0, "Up to date: every database.\n")
    assert listed.returncode == 0 and "made at the first start" in listed.stdout
    assert not (external.data / "postgres").exists() and not external.folder.admin_token.exists()


def test_what_contradicts_the_folder_is_refused(external: Stack, urls: dict[str, str]) -> None:
    refused = external.run("up", "--detach", PATCHBAY_IPAM_DATABASE_URL="postgresql://u:hidden@elsewhere/x")
    assert refused.returncode == 1 and len(refused.stderr.splitlines()) == 1
    assert refused.stderr.startswith("patchbay: PATCHBAY_IPAM_DATABASE_URL is not what ")
    secrets = [url.split(":")[2].split("@")[0] for url in urls.values()]
    assert not [secret for secret in (*secrets, "hidden") if secret in refused.stderr]


def test_an_embedded_folder_stays_embedded(server: Stack) -> None:
    refused = server.run("migrate", PATCHBAY_DCIM_DATABASE_URL="postgresql://u:p@elsewhere/x")
    assert refused.returncode == 1 and "PATCHBAY_DCIM_DATABASE_URL is not what" in refused.stderr


def test_config_shows_and_changes(external: Stack, urls: dict[str, str]) -> None:
    shown = external.run("config")
    assert shown.returncode == 0
    assert shown.stdout.splitlines() == sorted(f"{variable}=(hidden)" for variable in urls)
    revealed = external.run("config", "PATCHBAY_DCIM_DATABASE_URL", "--reveal").stdout
    assert revealed == f"PATCHBAY_DCIM_DATABASE_URL={urls['PATCHBAY_DCIM_DATABASE_URL']}\n"
    assert external.run("config", "LOGIN_REQUIRED=true").stdout == "LOGIN_REQUIRED=true\n"
    refused = external.run("migrate", LOGIN_REQUIRED="false")
    assert "LOGIN_REQUIRED is not what" in refused.stderr and "settings.env says 'true'" in refused.stderr
    assert external.run("config", "LOGIN_REQUIRED=").stdout == "LOGIN_REQUIRED=false (the default)\n"
    assert external.run("config", "DATABASE_POOL").stdout == "DATABASE_POOL=8 (the default)\n"
    assert (
        external.run("config", "DATABASE_POOL", DATABASE_POOL="9").stdout
        == "DATABASE_POOL is said by the environment\n"
    )
    assert external.run("config", "PATCHBAY_DCIM_KEY").stdout == "PATCHBAY_DCIM_KEY is not set\n"
    assert external.folder.settings.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("LOGIN_REQUIRED=ture", "LOGIN_REQUIRED must be true or false, not 'ture'"),
        ("NO_SUCH=1", "NO_SUCH is no setting"),
        ("NO_SUCH", "NO_SUCH is no setting"),
        ("PATCHBAY_DCIM_DATABASE_URL=mysql://u:hidden@h/x", "PATCHBAY_DCIM_DATABASE_URL must be a URL of the form"),
    ],
)
def test_config_refuses_what_is_no_setting(external: Stack, change: str, told: str) -> None:
    before = external.folder.settings.read_text()
    refused = external.run("config", change)
    assert refused.returncode == 1 and told in refused.stderr and "hidden" not in refused.stderr
    assert external.folder.settings.read_text() == before


def test_a_refusal_while_programs_run_speaks_of_no_restart(stack: Stack) -> None:
    refused = stack.run("config", "STRICT_FILTERS=ture")
    assert (refused.returncode, refused.stderr) == (1, "patchbay: STRICT_FILTERS must be true or false, not 'ture'\n")
    done = stack.run("config", "STRICT_FILTERS=")
    assert (done.returncode, done.stderr) == (0, "./patchbay restart has the running programs know it\n")


def test_one_service_is_migrated_without_the_others(server: Stack, urls: dict[str, str], make_stack) -> None:
    alone = make_stack()
    with Cluster(server.folder).running():
        done = alone.run("migrate", "ipam", PATCHBAY_IPAM_DATABASE_URL=urls["PATCHBAY_IPAM_DATABASE_URL"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "Up to date: ipam.\n", "")
    assert alone.run("config").stdout == "PATCHBAY_IPAM_DATABASE_URL=(hidden)\n"
    refused = alone.run("migrate", "dcim")
    assert (
        refused.returncode == 1 and "PATCHBAY_DCIM_DATABASE_URL is not set, and the databases of ipam" in refused.stderr
    )
    assert not (alone.data / "postgres").exists()


def test_a_step_is_told_as_it_is_done(make_stack) -> None:
    done = make_stack().run("migrate", "tenancy")
    first, second, *_, last = done.stdout.splitlines()
    assert first.startswith("Creating the databases in ") and last == "Up to date: tenancy."
    assert second.startswith("Migrating tenancy: nothing → ")


def test_a_broken_settings_file_is_told(make_stack) -> None:
    broken = make_stack()
    broken.folder.create()
    broken.folder.settings.write_text("LOGIN_REQUIRED=true\nnonsense\n")
    done = broken.run("migrate")
    assert done.returncode == 1 and done.stderr.endswith("settings.env, line 2, is not of the form NAME=value\n")
