"""Services behind HTTPS, and a PostgreSQL that is reached by TLS alone: with the right certificate and no other."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
import requests

from stack import ROOT, unprivileged
from stack.plan import METRICS, Plan
from tests.client import Client
from tests.running import Stack, eventually, free_port
from tests.stack.certificates import Authority, Certificate
from tests.stack.own_postgresql import make_databases, server, urls


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@contextmanager
def copy_with_tls(stack: Stack, name: str, certificate: Certificate, **more: str) -> Iterator[str]:
    """A second copy of a program of the stack, which speaks TLS alone; its port."""
    (program,) = [each for each in Plan.load(stack.folder).programs() if each.name == name]
    port = free_port()
    options = f"--certfile={certificate.certificate} --keyfile={certificate.key} --bind=127.0.0.1:{port}"
    command = [part for part in program.command if not part.startswith("127.0.0.1:") and part != "-b"]
    environment = {**program.environment, METRICS: "", "GUNICORN_CMD_ARGS": options, **more}
    with (
        stack.folder.open_log(f"{name}-tls") as log,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            eventually(lambda: _speaks_tls(port), f"{name} answers by TLS")
            yield str(port)
        finally:
            process.terminate()


def _speaks_tls(port: int) -> bool:
    try:
        return requests.get(f"https://localhost:{port}/healthz", verify=False).ok
    except requests.RequestException:
        return False


@pytest.fixture(scope="module")
def stack(make_stack, authority) -> Stack:
    return make_stack(SSL_CERT_FILE=str(authority.file)).start()


def use(stack: Stack, *programs: str, **settings: str) -> None:
    assert stack.run("config", *(f"{name}={value}" for name, value in settings.items())).returncode == 0
    assert stack.run("restart", *programs).returncode == 0


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_service_and_the_gateway_by_https(stack, authority):
    api, certificate = Client(stack.base_url, stack.token), authority.certificate("localhost")
    with copy_with_tls(stack, "tenancy", certificate) as port, copy_with_tls(stack, "gateway", certificate) as front:
        # dcim asks tenancy, by the gateway of TLS, which asks it by TLS as well.
        use(stack, "dcim", PATCHBAY_GATEWAY_URL=f"https://localhost:{front}")
        use(stack, "gateway", PATCHBAY_TENANCY_URL=f"https://localhost:{port}")
        tenants = [api.make("tenancy/tenants/", name=f"T {n}", slug=f"t-{n}")["id"] for n in range(3)]
        sites = [{"name": f"S {pk}", "slug": f"s-{pk}", "tenant": pk} for pk in tenants]
        status, made = api.post("dcim/sites/", sites)
        assert status == 201, made
        status, listed = api.get("tenancy/tenants/", limit=0)
        assert [each["name"] for each in listed["results"]] == ["T 0", "T 1", "T 2"]
        large = "x" * 200_000
        assert api.patch(f"tenancy/tenants/{tenants[0]}/", {"comments": large})[1]["comments"] == large
        assert api.get(f"tenancy/tenants/{tenants[0]}/")[1]["comments"] == large
        through = Client(f"https://localhost:{front}", stack.token)
        through.session.verify = str(authority.file)
        assert through.results("dcim/sites/")[0]["url"].startswith(f"https://localhost:{front}/api/")
        assert stack.run("audit").returncode == 0
        use(stack, "gateway", "dcim", PATCHBAY_TENANCY_URL="", PATCHBAY_GATEWAY_URL="")


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
@pytest.mark.parametrize(
    ("name", "trusted", "told"),
    [("elsewhere.example.com", True, "certificate verify failed"), ("localhost", False, "certificate verify failed")],
)
def test_a_service_with_a_certificate_that_is_not_its_own_is_not_asked(stack, authority, tmp_path, name, trusted, told):
    signing = authority if trusted else Authority(tmp_path)
    with copy_with_tls(stack, "tenancy", signing.certificate(name)) as port:
        use(stack, "gateway", PATCHBAY_TENANCY_URL=f"https://localhost:{port}")
        status, reply = Client(stack.base_url, stack.token).get("tenancy/tenants/")
        assert (status, reply["detail"]) == (502, "The tenancy service cannot be reached.")
        assert told in (stack.folder.logs / "gateway.log").read_text()
        use(stack, "gateway", PATCHBAY_TENANCY_URL="")


@pytest.fixture(scope="module")
def by_tls(make_stack, authority) -> Iterator[Callable[..., dict[str, str]]]:
    """What makes the settings of a stack that uses a PostgreSQL which takes TLS alone."""
    programs, behind, port = unprivileged.binaries(), free_port(), free_port()
    certificate = authority.certificate("localhost")
    arguments = [str(port), str(behind), certificate.certificate, certificate.key]

    def settings(host: str = "localhost", **more: str) -> dict[str, str]:
        query = {"sslmode": "verify-full", "sslrootcert": str(authority.file), **more}
        return urls(port, host, f"?{urlencode(query)}")

    with server(make_stack().home / "server", programs, behind) as environment:
        make_databases(programs, environment)
        with subprocess.Popen([sys.executable, "-m", "tests.stack.tls_terminator", *arguments], cwd=ROOT) as terminator:
            try:
                eventually(lambda: not _refuses(port), "PostgreSQL is to be had by TLS")
                yield settings
            finally:
                terminator.kill()


def _refuses(port: int) -> int:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port))


def test_databases_by_tls_alone(by_tls, make_stack, tmp_path):
    stack = make_stack(**by_tls()).start()
    api = Client(stack.base_url, stack.token)
    api.make("dcim/sites/", name="By TLS", slug="by-tls")
    assert stack.run("audit").returncode == 0
    # The pg_dump that comes along has no TLS: it says so, and does not go on without.
    refused = stack.run("backup", tmp_path / "all")
    assert refused.returncode == 1 and "SSL support is not compiled in" in refused.stderr
    assert not (tmp_path / "all").exists()


@pytest.mark.parametrize(
    ("host", "more", "told"),
    [
        ("127.0.0.1", {}, "does not match host name"),
        ("localhost", {"sslrootcert": "system"}, "certificate verify failed"),
        ("localhost", {"sslmode": "disable", "sslrootcert": ""}, "closed the connection"),
    ],
)
def test_a_server_that_is_not_who_it_should_be_is_refused(by_tls, make_stack, host, more, told):
    done = make_stack(**by_tls(host, **more)).up()
    assert done.returncode == 1 and told in done.stderr
    assert len(done.stderr.splitlines()) <= 3
