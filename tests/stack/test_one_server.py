"""One server as documented: what the units of systemd run, on a PostgreSQL of its own, with nginx in front."""

import configparser
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg2
import pytest
import requests

from shared.config import APPS, SERVICES, surroundings
from stack import ROOT, unprivileged
from stack.gunicorn_service import graceful_timeout
from stack.settings_file import DATABASES
from tests.client import Client
from tests.running import eventually, free_port
from tests.stack.certificates import Authority
from tests.stack.own_postgresql import make_databases, server

UNITS, CONFIGURATION = ROOT / "deploy" / "systemd", ROOT / "deploy" / "nginx" / "patchbay.conf"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
ANALYZE = shutil.which("systemd-analyze")
TOKEN = "0123456789abcdef" * 2 + "01234567"


def unit(name: str) -> configparser.RawConfigParser:
    """A unit file; of a name that it says more than once, the last."""
    read = configparser.RawConfigParser(strict=False)
    read.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    read.read(UNITS / name)
    return read


class Units:
    """Runs what the units run, with the files of `/etc/patchbay` in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._running = folder, ExitStack()

    def command(self, name: str, instance: str) -> tuple[list[str], dict[str, str]]:
        environment: dict[str, str] = {}
        for given in re.findall(r"^EnvironmentFile=/etc/patchbay/(.*)$", (UNITS / name).read_text(), re.MULTILINE):
            lines = (self.folder / given.replace("%i", instance)).read_text().splitlines()
            environment |= dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        written = unit(name)["Service"]["ExecStart"].replace("%i", instance)
        words = [re.sub(r"\$\{(\w+)\}", lambda found: environment[found[1]], word) for word in written.split()]
        programs = str(Path(sys.executable).parent)
        return [words[0].replace("/opt/patchbay/.venv/bin", programs), *words[1:]], surroundings() | environment

    def run(self, name: str, instance: str) -> None:
        command, environment = self.command(name, instance)
        command[-1] = tempfile.mkdtemp(dir=self.folder)  # PrivateTmp: a new one each time
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)

    def start(self, name: str, instance: str) -> None:
        command, environment = self.command(name, instance)
        log = self._running.enter_context((self.folder / f"{instance}.log").open("w"))
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        self._running.callback(process.wait)
        self._running.callback(process.terminate)

    def close(self) -> None:
        self._running.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return {name: free_port() for name in ("http", "https", "database", *DATABASES)}


@pytest.fixture(scope="module")
def one_server(make_stack, ports) -> Iterator[Units]:
    """All programs, as the target starts them; ports of our own stand in for the documented ones."""
    stack = make_stack()
    folder, programs = stack.home / "etc", unprivileged.binaries()
    folder.mkdir()
    passwords = {f"PATCHBAY_{owner.upper()}_DATABASE_PASSWORD": f"password-of-{owner}" for owner in DATABASES}
    keys = {f"PATCHBAY_{app.upper()}_KEY": f"key-of-{app}" for app in APPS} | passwords
    told = "\n".join(f"{name}={value}" for name, value in keys.items())
    writing = [sys.executable, UNITS / "write-environment.py", folder]
    subprocess.run(writing, input=told, text=True, check=True)
    settings = (UNITS / "settings.env.example").read_text().replace("/var/lib/patchbay", str(stack.home / "state"))
    (folder / "settings.env").write_text(settings + "LOG_FORMAT=json\nACCESS_LOG=true\n")
    with (folder / "gateway.env").open("a") as file:
        file.write(f"PATCHBAY_ADMIN_TOKEN={TOKEN}\n")
    for file in folder.glob("*.env"):
        text = file.read_text().replace("@127.0.0.1/", f"@127.0.0.1:{ports['database']}/")
        for place, name in enumerate(("gateway", *SERVICES)):
            text = text.replace(f"127.0.0.1:{8000 + place}", f"127.0.0.1:{ports[name]}")
        file.write_text(text)
    units = Units(folder)
    with server(stack.home / "server", programs, ports["database"]) as environment:
        make_databases(programs, environment)
        try:
            for owner in DATABASES:
                units.run("patchbay-migrate@.service", owner)
            for service in SERVICES:
                units.start("patchbay@.service", service)
            units.start("patchbay-gateway.service", "gateway")
            eventually(lambda: all(_ready(ports[owner]) for owner in DATABASES), "every program is ready")
            yield units
        finally:
            units.close()


def _ready(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/readyz").ok
    except requests.RequestException:
        return False


@pytest.fixture(scope="module")
def front(one_server, authority, ports, tmp_path_factory) -> Iterator[str]:
    """nginx before it, as configured but for its ports and files; the URL."""
    if not NGINX:
        pytest.skip("NGINX IS MISSING: ITS CONFIGURATION WAS NOT TRIED")
    folder, certificate = tmp_path_factory.mktemp("nginx"), authority.certificate("localhost")
    written = CONFIGURATION.read_text()
    for documented, ours in {
        "127.0.0.1:8000": f"127.0.0.1:{ports['gateway']}",
        "listen 80;": f"listen 127.0.0.1:{ports['http']};",
        "listen 443 ssl": f"listen 127.0.0.1:{ports['https']} ssl",
        "patchbay.example.com": "localhost",
        "/etc/nginx/tls/patchbay.pem": str(certificate.certificate),
        "/etc/nginx/tls/patchbay.key": str(certificate.key),
    }.items():
        assert documented in written
        written = written.replace(documented, ours)
    (folder / "patchbay.conf").write_text(written)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; include {folder}/patchbay.conf;\n"
        + "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        + "}\n"
    )
    command = [NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0 and "warn" not in checked.stderr, checked.stderr
    with subprocess.Popen(command) as process:
        try:
            url = f"https://localhost:{ports['https']}"
            eventually(lambda: _answers(url, authority), "nginx answers")
            yield url
        finally:
            process.terminate()


def _answers(url: str, authority: Authority) -> bool:
    try:
        return requests.get(f"{url}/healthz", verify=str(authority.file)).ok
    except requests.RequestException:
        return False


@pytest.fixture
def api(front, authority) -> Client:
    client = Client(front, TOKEN)
    client.session.verify = str(authority.file)
    return client


def test_systemd_takes_the_units(tmp_path) -> None:
    if not ANALYZE:
        pytest.skip("SYSTEMD-ANALYZE IS MISSING: THE UNITS WERE NOT CHECKED")
    for file in UNITS.glob("patchbay*"):
        (tmp_path / file.name).write_text(file.read_text().replace("/opt/patchbay/.venv/bin/", "/usr/bin/env "))
    every = [f"patchbay@{service}.service" for service in SERVICES]
    names = ["patchbay.target", "patchbay-gateway.service", "patchbay-migrate@gateway.service", *every]
    done = subprocess.run([ANALYZE, "verify", *(tmp_path / name for name in names)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_target_wants_every_program_and_lets_it_end() -> None:
    wanted = re.findall(r"^Wants=(.*)$", (UNITS / "patchbay.target").read_text(), re.MULTILINE)
    programs = {name for line in wanted for name in line.split()}
    assert programs == {"patchbay-gateway.service", *(f"patchbay@{service}.service" for service in SERVICES)}
    for name, instance in (("patchbay-gateway.service", "gateway"), ("patchbay@.service", "%i")):
        read = unit(name)
        assert int(read["Service"]["TimeoutStopSec"]) > graceful_timeout
        assert f"patchbay-migrate@{instance}.service" in read["Unit"]["After"].split()
        assert read["Unit"]["Wants"] == f"patchbay-migrate@{instance}.service"


def test_a_file_has_what_its_program_may_know(one_server) -> None:
    for owner in DATABASES:
        file = one_server.folder / f"{owner}.env"
        assert file.stat().st_mode & 0o077 == 0
        keys = re.findall(r"^PATCHBAY_(\w+)_KEY=", file.read_text(), re.MULTILINE)
        assert keys == ([app.upper() for app in APPS] if owner == "gateway" else [owner.upper()])


def test_the_units_serve_behind_nginx(api, front, ports) -> None:
    tenant = api.make("tenancy/tenants/", name="One server", slug="one-server")
    site = api.make("dcim/sites/", name="One server", slug="one-server", tenant=tenant["id"])
    shown = api.get(f"dcim/sites/{site['id']}/")[1]
    assert shown["tenant"]["url"] == f"{front}/api/tenancy/tenants/{tenant['id']}/"
    moved = requests.get(f"http://127.0.0.1:{ports['http']}/api/", allow_redirects=False)
    assert (moved.status_code, moved.headers["Location"]) == (308, "https://127.0.0.1/api/")


def test_what_clients_say_of_themselves_does_not_count(api, front, one_server) -> None:
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "X-Forwarded-Prefix": "/evil"}
    reply = api.request("GET", "", headers={**forged, "X-Forwarded-For": "192.0.2.66"})
    assert reply.json()["dcim"] == f"{front}/api/dcim/"
    assert reply.headers["Strict-Transport-Security"]
    log = (one_server.folder / "gateway.log").read_text()
    assert '"client":"127.0.0.1"' in log.replace(" ", "") and "192.0.2.66" not in log


def test_the_command_line_knows_all_of_it(one_server, api, tmp_path) -> None:
    reading = 'set -a; for file in "$1"/*.env; do . $file; done; shift; exec "$@"'
    command = [sys.executable, "-m", "stack"]
    for words in (["audit"], ["backup", str(tmp_path / "all")]):
        asked = ["bash", "-c", reading, "bash", one_server.folder, *command, *words, "--data", tmp_path / "data"]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_password_of_a_database_is_replaced_by_a_second_role(one_server, ports, api) -> None:
    with closing(psycopg2.connect(host="127.0.0.1", port=ports["database"], user="postgres")) as connection:
        connection.autocommit = True
        connection.cursor().execute(
            "CREATE ROLE patchbay_tenancy_b LOGIN PASSWORD 'new' IN ROLE patchbay_tenancy;"
            "ALTER ROLE patchbay_tenancy_b SET role = 'patchbay_tenancy'"
        )
        file, port = one_server.folder / "tenancy.env", free_port()
        changed = file.read_text().replace("patchbay_tenancy:password-of-tenancy", "patchbay_tenancy_b:new")
        file.write_text(changed.replace(f":{ports['tenancy']}\n", f":{port}\n"))
        one_server.run("patchbay-migrate@.service", "tenancy")
        one_server.start("patchbay@.service", "tenancy")
        eventually(lambda: _ready(port), "the copy with the new password is ready")
        connection.cursor().execute("ALTER ROLE patchbay_tenancy NOLOGIN")
        assert _ready(port)


def test_a_page_has_a_cookie_for_tls_alone(api, front) -> None:
    assert "Secure" in api.session.get(f"{front}/admin/login/").headers["Set-Cookie"]


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/internal/dcim/totals", "/internal/users/tokens"])
def test_what_is_for_the_inside_is_not_there(api, front, path) -> None:
    reply = api.session.get(front + path)
    assert reply.status_code == 404 and "nginx" in reply.text


def test_a_body_that_is_too_large_reaches_no_program(api, front) -> None:
    reply = api.session.post(f"{front}/api/dcim/sites/", data=b" " * (10 * 1024 * 1024 + 1))
    assert reply.status_code == 413
