"""A network between the processes of a stack that can be cut while both ends live."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import make_url

from shared.config import SERVICES
from stack.plan import GATEWAY, LOOPBACK, Plan, address_variable
from stack.postgres import Cluster
from stack.settings_file import url_variable
from tests.running import Stack, free_port

REFUSED, HANGING, RESET = "refused", "hanging", "reset"
CUTS = (REFUSED, HANGING, RESET)
PIECE = 1 << 16
# A stack runs a PostgreSQL of its own only if one of its databases is not said to be elsewhere.
UNCUT_DATABASE = "secrets"
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Relay:
    """Passes bytes between whoever connects to its port and `target()`: a (host, port), or the path of a socket.

    Refused: nothing gets through, and whoever is connected is cut off. Hanging: what is sent arrives when the relay is
    mended, even if its sender gave up. Reset: what is asked arrives, but instead of the answer comes a reset. Of
    answers that do arrive, the first of the two texts of `untruth` is told as the second, which is as long.
    """

    untruth = b"", b""

    def __init__(self, target: Callable[[], tuple[str, int] | str]):
        self.port = free_port()
        self._target = target
        self._flowing = asyncio.Event()
        self._losing_answers = False
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def cut(self, how: str) -> None:
        if how == HANGING:
            self._flowing.clear()
        elif how == RESET:
            self._losing_answers = True
        elif self._server:
            self._server.close()
            self._server = None
            for writer in self._writers:
                _reset(writer)

    async def mend(self) -> None:
        self._losing_answers = False
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, LOOPBACK, self.port)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._flowing.wait()
            far_reader, far_writer = await _connect(self._target())
            self._writers.add(far_writer)
            try:
                await self._relay((reader, far_writer), (far_reader, writer))
            finally:
                self._writers.discard(far_writer)
                far_writer.close()
        except OSError:
            _reset(writer)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _relay(self, asked: Ends, answered: Ends) -> None:
        """Until one of the two has closed its end."""
        tasks = [asyncio.create_task(self._pump(*asked)), asyncio.create_task(self._pump(*answered, answers=True))]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        if errors := [error for task in done if (error := task.exception())]:
            raise errors[0]

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, answers: bool = False) -> None:
        while True:
            piece = await source.read(PIECE)
            await self._flowing.wait()
            if answers and self._losing_answers:
                raise ConnectionResetError
            if not piece:
                return
            sink.write(piece.replace(*self.untruth) if answers and all(self.untruth) else piece)
            await sink.drain()


async def _connect(target: tuple[str, int] | str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(target, str):
        return await asyncio.open_unix_connection(target)
    return await asyncio.open_connection(*target)


def _reset(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        end = writer.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Network:
    """The relays of `stack`, by who asks whom; `environment` has its processes use them."""

    def __init__(self, stack: Stack):
        self.stack = stack
        cluster = Cluster(stack.folder)
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop, self._closing = self._runner.get_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

        def listening(name: str) -> Relay:
            return Relay(lambda: (LOOPBACK, Plan.load(stack.folder).ports[name]))

        databases = [owner for owner in (*SERVICES, GATEWAY) if owner != UNCUT_DATABASE]
        serving = {service: listening(service) for service in SERVICES}
        storing = {owner: Relay(lambda: f"{cluster.socket_folder}/.s.PGSQL.5432") for owner in databases}
        calling = listening(GATEWAY)
        self.relays = {
            **{f"gateway to {service}": relay for service, relay in serving.items()},
            **{f"{owner} to PostgreSQL": relay for owner, relay in storing.items()},
            "services to gateway": calling,
        }
        for relay in self.relays.values():
            self._do(relay.mend())
        self.environment = {
            **{address_variable(service): f"http://{LOOPBACK}:{relay.port}" for service, relay in serving.items()},
            **{url_variable(owner): _through(relay, stack.database_url(owner)) for owner, relay in storing.items()},
            address_variable(GATEWAY): f"http://{LOOPBACK}:{calling.port}",
        }

    def cut(self, name: str, how: str) -> None:
        self._do(self.relays[name].cut(how))

    def mend(self, name: str) -> None:
        self._do(self.relays[name].mend())

    @contextmanager
    def without(self, name: str, how: str) -> Iterator[None]:
        """The network while one connection of it is cut."""
        self.cut(name, how)
        try:
            yield
        finally:
            self.mend(name)

    @contextmanager
    def lying(self, name: str, truth: bytes, untruth: bytes) -> Iterator[None]:
        """The network while one connection of it tells `truth` as `untruth`."""
        self.relays[name].untruth = truth, untruth
        try:
            yield
        finally:
            self.relays[name].untruth = b"", b""

    def close(self) -> None:
        for name in self.relays:
            self.cut(name, REFUSED)
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def _run(self) -> None:
        with self._runner:
            self._runner.run(self._closing.wait())

    def _do(self, deed: Coroutine) -> None:
        asyncio.run_coroutine_threadsafe(deed, self._loop).result()


def _through(relay: Relay, url: str) -> str:
    return make_url(url).set(host=LOOPBACK, port=relay.port, query={}).render_as_string(hide_password=False)
