"""`patchbay user` and `patchbay token`: what they do counts from the next request on."""

import subprocess
import sys
import uuid

import pytest

from shared.config import surroundings
from stack import ROOT
from tests.client import Client
from tests.web.conftest import Person


@pytest.fixture
def patchbay(stack):
    """Runs a command on the running stack, with a password on its input."""

    def run(*arguments: object, password: str = "") -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "stack", *map(str, arguments), "--data", str(stack.data)]
        return subprocess.run(
            command, cwd=ROOT, env=surroundings(), input=password + "\n", capture_output=True, text=True
        )

    return run


@pytest.fixture
def name(patchbay) -> str:
    """A user added by the command, whose password is `correct horse`."""
    name = f"user-{uuid.uuid4().hex[:12]}"
    added = patchbay("user", "add", name, "--superuser", "--email", "a@example.com", password="correct horse")
    assert added.returncode == 0 and name in added.stdout and "correct horse" not in added.stdout + added.stderr
    return name


def provision(api, username: str, password: str) -> int:
    return Client(api.base_url).post("users/tokens/provision/", {"username": username, "password": password})[0]


def test_a_user_is_added_and_gets_another_password(api, patchbay, name):
    user = api.results("users/users/", username=name)[0]
    assert (user["email"], user["is_superuser"]) == ("a@example.com", True)
    assert provision(api, name, "correct horse") == 201
    person = Person(api.base_url)
    assert person.log_in(name, "correct horse").status_code == 303
    assert patchbay("user", "passwd", name, password="battery staple").returncode == 0
    assert person.get("/admin/", allow_redirects=False).status_code == 303  # to log in again
    assert (provision(api, name, "correct horse"), provision(api, name, "battery staple")) == (403, 201)


def test_a_token_is_added_listed_and_revoked(api, patchbay, name):
    key = patchbay("token", "add", name, "--read-only", "--description", "probe").stdout.strip()
    client = Client(api.base_url, key)
    assert client.get("users/users/")[0] == 200 and client.post("tenancy/tenants/", [])[0] == 403
    listed = patchbay("token", "list", name).stdout
    assert "read-only" in listed and "probe" in listed and key not in listed
    assert patchbay("token", "revoke", listed.split()[0]).returncode == 0
    assert client.get("users/users/") == (403, {"detail": "Invalid token"})


def test_a_token_may_have_ended(api, patchbay, name):
    key = patchbay("token", "add", name, "--expires", "2020-01-01").stdout.strip()
    assert Client(api.base_url, key).get("users/users/") == (403, {"detail": "Token expired"})


@pytest.mark.parametrize(
    "arguments",
    [
        ("user", "add", "admin"),
        ("user", "add", "x" * 151),
        ("user", "add", "nobody", "--email", "x"),
        ("user", "passwd", "nobody"),
        ("token", "add", "nobody"),
        ("token", "add", "admin", "--description", "x" * 500),
        ("token", "list", "nobody"),
        ("token", "revoke", 2147483647),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(api, patchbay, arguments):
    before = [api.get(f"users/{path}/")[1]["count"] for path in ("users", "tokens")]
    refused = patchbay(*arguments, password="battery staple")
    assert refused.returncode == 1 and refused.stderr.strip() and "Traceback" not in refused.stderr
    assert [api.get(f"users/{path}/")[1]["count"] for path in ("users", "tokens")] == before
