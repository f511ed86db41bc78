"""Two copies of a service behind the gateway: whichever worker goes, and however, no request is lost by it."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.client import Client
from tests.faults.copies import ServiceCopy
from tests.running import Stack, eventually

WRITERS, READERS = 3, 3
# Between two blows, as many requests of each kind have to come back.
ROUND = 60


class Load:
    """Clients that write with a key, read back what they wrote, and read lists, until told to stop."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.sent: Counter[str] = Counter()
        self.failed: list[str] = []
        self.stale = 0
        self._stop = threading.Event()

    def run(self, writing: int) -> None:
        client = Client(self.stack.base_url, self.stack.token)
        pk = client.make("tenancy/tenants/", name=f"Roll {writing}", slug=f"roll-{writing}")["id"] if writing else 0
        turn = 0
        while not self._stop.is_set():
            turn += 1
            if not writing:
                self._ask(client, "GET", "tenancy/tenants/?limit=5")
                continue
            body, key = {"description": f"Turn {turn}"}, {"Idempotency-Key": str(uuid.uuid4())}
            self._ask(client, "PATCH", f"tenancy/tenants/{pk}/", body, headers=key)
            read = self._ask(client, "GET", f"tenancy/tenants/{pk}/")
            self.stale += read.get("description", body["description"]) != body["description"]

    def _ask(self, client: Client, method: str, path: str, body: dict | None = None, **more) -> dict:
        reply = client.request(method, path, body, **more)
        if more and reply.status_code == 502:
            # Its worker was killed, and so was the one that the gateway asked next: the key makes it safe to repeat.
            reply = client.request(method, path, body, **more)
        if reply.status_code != 200:
            self.failed.append(f"{method} {path}: {reply.status_code} {reply.text[:200]}")
        self.sent[method] += 1
        return reply.json() if reply.status_code == 200 else {}

    def go_on(self) -> None:
        """Until some more requests of each kind have come back."""
        before = dict(self.sent)
        eventually(
            lambda: all(self.sent[method] >= before.get(method, 0) + ROUND for method in ("GET", "PATCH")),
            "requests are answered",
        )

    def stop(self) -> None:
        self._stop.set()


@pytest.fixture(scope="module")
def behind(make_stack) -> Iterator[tuple[Stack, list[ServiceCopy]]]:
    """A stack whose gateway asks two copies of tenancy."""
    stack = make_stack().start()
    with ExitStack() as started:
        copies = []
        for _ in range(2):
            copies.append(ServiceCopy(stack, "tenancy"))
            started.callback(copies[-1].close)
        assert stack.run("config", f"PATCHBAY_TENANCY_URL={','.join(copy.url for copy in copies)}").returncode == 0
        assert stack.run("restart", "gateway").returncode == 0
        yield stack, copies


@pytest.mark.parametrize(
    ("blow", "first"), [(ServiceCopy.reload, 1), (ServiceCopy.restart, 11), (ServiceCopy.lose_a_worker, 21)]
)
def test_nothing_is_lost(behind, blow: Callable[[ServiceCopy], None], first: int) -> None:
    stack, copies = behind
    load = Load(stack)
    with ThreadPoolExecutor(WRITERS + READERS) as pool:
        clients = [pool.submit(load.run, first + number) for number in range(WRITERS)]
        clients += [pool.submit(load.run, 0) for _ in range(READERS)]
        try:
            load.go_on()
            for copy in (*copies, *copies):
                blow(copy)
                load.go_on()
        finally:
            load.stop()
    for client in clients:
        client.result()
    print(blow.__name__, dict(load.sent), f"failed {len(load.failed)}, stale {load.stale}")
    assert (load.failed, load.stale) == ([], 0)
