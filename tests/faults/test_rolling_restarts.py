"""Two copies of a service behind the gateway: whichever worker goes, and however, no request is lost by it."""

import signal
import subprocess
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psutil
import pytest
import requests

from stack import ROOT
from stack.plan import METRICS, Plan
from tests.client import Client
from tests.running import Stack, eventually, free_port

WRITERS, READERS = 3, 3
# Between two blows, as many requests of each kind have to come back.
ROUND = 60


class ServiceCopy:
    """A tenancy of its own port, on the database of the stack's; two workers."""

    def __init__(self, stack: Stack) -> None:
        (program,) = [each for each in Plan.load(stack.folder).programs() if each.name == "tenancy"]
        self.port = free_port()
        self._command = [*program.command[:-2], f"127.0.0.1:{self.port}", "--workers", "2", program.command[-1]]
        self._environment = {**program.environment, METRICS: ""}
        self._log = stack.folder.open_log(f"tenancy-{self.port}")
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def workers(self) -> set[psutil.Process]:
        return set(psutil.Process(self.process.pid).children())

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, stdout=self._log, stderr=self._log, start_new_session=True
        )
        eventually(self._answers, "the copy answers")

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz").ok and len(self.workers) == 2
        except requests.RequestException:
            return False

    def reload(self) -> None:
        """New workers for old ones."""
        before = self.workers
        self.process.send_signal(signal.SIGHUP)
        eventually(lambda: self._answers() and not self.workers & before, "there are two new workers")

    def restart(self) -> None:
        """End in good order, and begin again."""
        self.stop()
        self.start()

    def lose_a_worker(self) -> None:
        """Kill one, in the middle of whatever it does."""
        killed = self.workers.pop()
        killed.kill()
        eventually(lambda: self._answers() and killed not in self.workers, "there is another worker")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def close(self) -> None:
        """End it for good."""
        self.stop()
        self._log.close()


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
            copies.append(ServiceCopy(stack))
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
