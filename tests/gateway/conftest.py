"""A real gateway of three workers before real services, on a real PostgreSQL."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import requests
from sqlalchemy import create_engine

from shared.config import APPS
from shared.upgrading import upgrade
from stack.folder import DataFolder
from stack.postgres import Cluster
from tests.running import free_port

ROOT = Path(__file__).parents[2]
KEYS = {app: f"key-of-{app}" for app in APPS}
LIMIT = 200_000
WORKERS = 3

Stack = namedtuple("Stack", "url port broken tenancy gateway")


def gunicorn(app: str, port: int, environment: dict[str, str], *options: str) -> subprocess.Popen:
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-b",
        f"127.0.0.1:{port}",
        "-k",
        "stack.worker.LingeringWorker",
        "--threads",
        "8",
    ]
    command += ["--log-level", "error", "--keep-alive", "30", "--no-control-socket", *options, app]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})


def wait_for(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)


class BrokenServer:
    """Answers every connection with `reply` byte for byte, then hangs up."""

    def __init__(self):
        self.reply, self.connections = b"", 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.connections += 1
                connection.recv(65536)
                connection.sendall(self.reply)

    def close(self):
        self._socket.close()


@pytest.fixture(scope="session")
def accounts_url():
    """The URL of an accounts database with its tables, and nobody in it."""
    # Not pytest's own folder: it may be one that PostgreSQL's user cannot pass through.
    with tempfile.TemporaryDirectory(prefix="patchbay-test-") as path:
        folder = DataFolder(path)
        folder.create()
        cluster = Cluster(folder)
        with cluster.running():
            cluster.create(["users"])
            url = cluster.url("users")
            upgrade("users", url)
            yield url


@pytest.fixture(scope="session")
def accounts(accounts_url):
    """Runs one statement on the accounts."""
    engine = create_engine(accounts_url, isolation_level="AUTOCOMMIT")

    def run(statement, *values):
        with engine.connect() as connection:
            return connection.exec_driver_sql(statement, values)

    yield run
    engine.dispose()


@pytest.fixture(scope="session")
def environment(accounts_url, tmp_path_factory):
    metrics = tmp_path_factory.mktemp("metrics")
    return {
        **{f"PATCHBAY_{app.upper()}_KEY": key for app, key in KEYS.items()},
        "PATCHBAY_GATEWAY_DATABASE_URL": accounts_url,
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        "MAX_BODY_BYTES": str(LIMIT),
        "READ_SECONDS": "1",
        "CONNECT_SECONDS": "1",
    }


@pytest.fixture(scope="session")
def stack(environment):
    """dcim, ipam, extras and tenancy echo; nobody listens for circuits; secrets answers what a test says."""
    broken, ports = BrokenServer(), {name: free_port() for name in ("dcim", "ipam", "extras", "tenancy")}
    processes = {
        name: gunicorn("tests.gateway.upstream:application", port, {**environment, "UPSTREAM": name})
        for name, port in ports.items()
    }
    ports |= {"circuits": free_port(), "secrets": broken.port}
    upstreams = {f"PATCHBAY_{name.upper()}_URL": f"http://127.0.0.1:{port}" for name, port in ports.items()}
    port = free_port()
    environment |= upstreams
    processes["gateway"] = gunicorn("gateway.app:app", port, environment, "-w", str(WORKERS))
    for name in ("dcim", "ipam", "extras", "tenancy"):
        wait_for(ports[name])
    wait_for(port)
    yield Stack(f"http://127.0.0.1:{port}", port, broken, processes["tenancy"], processes["gateway"])
    for process in processes.values():
        process.terminate()
    for process in processes.values():
        process.wait()
    broken.close()


@pytest.fixture
def client(stack):
    """Asks the gateway by path."""
    with requests.Session() as session:
        session.trust_env = False
        yield lambda method, path, **options: session.request(
            method, stack.url + path, allow_redirects=False, **options
        )


@pytest.fixture
def each_worker(stack):
    """What `ask()` returns from each worker of the gateway in turn, while the others hang."""

    def each(ask: Callable) -> list:
        workers = psutil.Process(stack.gateway.pid).children()
        answers = []
        for asked in workers:
            others = [each for each in workers if each != asked]
            for other in others:
                other.suspend()
            try:
                answers.append(ask())
            finally:
                for other in others:
                    other.resume()
        assert len(answers) == WORKERS
        return answers

    return each


@pytest.fixture
def raw(stack):
    """Sends bytes to the gateway; all that comes back until it hangs up."""

    def send(data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", stack.port), 20) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    return send
