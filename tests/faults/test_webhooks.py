"""Receivers that fail at random, while whoever delivers is killed: every event comes, in order per object.

`./patchbay test --faults 20m tests/faults/test_webhooks.py` goes on for 20 minutes.
"""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from itertools import cycle

import psutil
import pytest
import requests

from services.extras.webhooks.sending import MOST_AT_ONCE
from stack.plan import POSTGRES
from tests.client import Client
from tests.faults.copies import ServiceCopy
from tests.receivers import RECEIVERS, Received, Receiver, receiving
from tests.running import Stack, eventually

WRITERS, HOOKS = 3, 2
PAGE = 1000
PATH, DELIVERIES, CHANGES = "extras/webhooks/", "extras/webhook-deliveries/", "extras/object-changes/"
TYPES = {"obj_type": ["dcim.region"], "type_create": True, "type_update": True, "type_delete": True}


@pytest.fixture(scope="module")
def hurt(make_stack) -> Stack:
    return make_stack(WEBHOOKS_ALLOWED=RECEIVERS, FOLLOW_SECONDS="0.5").start()


@pytest.fixture(scope="module")
def client(hurt) -> Client:
    return Client(hurt.base_url, hurt.token)


@pytest.fixture
def copy(hurt) -> Iterator[ServiceCopy]:
    """Two more processes that deliver for the same database."""
    made = ServiceCopy(hurt, "extras")
    yield made
    made.close()


def capricious(seed: int):
    """A receiver's answers: most are 200, others 500 or 503, or the connection breaks."""
    chance, lock = random.Random(seed), threading.Lock()

    def broken(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True

    def answer(received: Received):
        with lock:
            slow, how = chance.uniform(0, 0.05), chance.random()
        time.sleep(slow)
        return 200 if how < 0.7 else 500 if how < 0.8 else 503 if how < 0.9 else broken

    return answer


class Writer(threading.Thread):
    """Makes, changes and deletes regions, and counts what was acknowledged."""

    def __init__(self, stack: Stack, number: int) -> None:
        super().__init__(daemon=True)
        self.client, self.prefix = Client(stack.base_url, stack.token), f"w{number}-{time.time_ns() % 10**9}"
        self.stopping, self.acknowledged = threading.Event(), 0

    def run(self) -> None:
        turn = 0
        while not self.stopping.is_set():
            turn += 1
            name = f"{self.prefix}-{turn}"
            with suppress(requests.RequestException):
                status, region = self.client.post("dcim/regions/", {"name": name, "slug": name})
                if status != 201:
                    time.sleep(0.2)
                    continue
                self.acknowledged += 1
                path = f"dcim/regions/{region['id']}/"
                for change in range(3):
                    self.acknowledged += self.client.patch(path, {"name": f"{name} {change}"})[0] == 200
                self.acknowledged += turn % 2 == 0 and self.client.delete(path)[0] == 204


def harm(stack: Stack, copy: ServiceCopy, seconds: float, seed: int) -> Counter:
    """Kills whoever delivers, and the database: -9, one after the other."""
    chance = random.Random(seed)
    counts: Counter[str] = Counter()
    until = time.monotonic() + seconds
    for whom in cycle(("worker", "copy", POSTGRES, "extras")):
        if time.monotonic() > until:
            break
        time.sleep(chance.uniform(0.2, 1.5))
        with suppress(psutil.NoSuchProcess, KeyError, IndexError):
            if whom == "copy":
                copy.workers.pop().kill()
            elif whom == "worker":
                stack.processes["extras"].children()[0].kill()
            else:
                stack.kill(whom)
            counts[whom] += 1
        stack.wait_until_healthy()
    return counts


def every(client: Client, path: str, **filters) -> list[dict]:
    """All objects of a list, by id."""
    found: list[dict] = []
    while page := client.results(path, cursor=found[-1]["id"] if found else 0, limit=PAGE, **filters):
        found += page
    return found


def all_delivered(client: Client, hook: dict) -> bool:
    """Whether nothing waits; what does is tried at once, or the waits would be as long as they are meant to be."""
    waiting = [each for each in every(client, DELIVERIES, webhook_id=hook["id"]) if each["status"]["value"] == 1]
    for each in waiting[:20]:
        client.post(f"{DELIVERIES}{each['id']}/repeat/", {})
    return not waiting


def first_acknowledged(receiver: Receiver) -> dict[str, int]:
    """`{event id: place}` of the first request of each event that was acknowledged."""
    places: dict[str, int] = {}
    for place, each in enumerate(receiver.received):
        if each.acknowledged:
            places.setdefault(each.headers["webhook-id"], place)
    return places


def test_every_event_comes_and_in_order_whoever_is_killed(
    hurt, client, copy, faults_seconds, faults_seed, record_property
):
    begun = max((each["id"] for each in client.results(CHANGES, limit=1, ordering="-id")), default=0)
    with receiving(capricious(faults_seed)) as one, receiving(capricious(faults_seed + 1)) as other:
        hooks = {
            receiver.url: client.make(PATH, name=receiver.url, payload_url=receiver.url, secret="x", **TYPES)
            for receiver in (one, other)
        }
        writers = [Writer(hurt, number) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        try:
            killed = harm(hurt, copy, faults_seconds, faults_seed)
        finally:
            for writer in writers:
                writer.stopping.set()
            for writer in writers:
                writer.join()
        hurt.wait_until_healthy()
        last = client.make("dcim/regions/", name=f"last-{time.time_ns()}", slug=f"last-{time.time_ns()}")
        told = {"changed_object_type": "dcim.region"}
        eventually(lambda: client.results(CHANGES, changed_object_id=last["id"], **told), "the last change has arrived")
        changes = [each for each in every(client, CHANGES, **told) if each["id"] > begun]
        assert len(changes) > sum(each.acknowledged for each in writers) > 0
        figures = {"changes": len(changes), "killed": dict(killed)}
        for receiver in (one, other):
            hook = hooks[receiver.url]
            eventually(lambda hook=hook: all_delivered(client, hook), "everything is delivered")
            deliveries = every(client, DELIVERIES, webhook_id=hook["id"])
            assert [(each["object_id"], each["payload"]["snapshots"]) for each in deliveries] == [
                (
                    each["changed_object_id"],
                    {"prechange": each["prechange_data"], "postchange": each["postchange_data"]},
                )
                for each in changes
            ]
            places, of_objects = first_acknowledged(receiver), defaultdict(list)
            assert {each["event_id"] for each in deliveries} == places.keys()
            for each in deliveries:
                of_objects[each["object_id"]].append(places[each["event_id"]])
            assert all(found == sorted(found) for found in of_objects.values())
            assert receiver.twice_at_once == []
            figures[receiver.url] = Counter(each.acknowledged for each in receiver.received)
            figures[receiver.url]["repeated"] = figures[receiver.url][True] - len(places)
    print(figures)
    record_property("figures", str(figures))


def test_copies_share_the_work_and_none_takes_what_another_has(hurt, client, copy):
    """One process sends eight at once; while answers are held back, more are under way, and none of them twice."""
    shared = threading.Event()

    def answer(received: Received) -> int:
        shared.wait(9)  # less than a delivery may take
        return 200

    with receiving(answer) as receiver:
        hook = client.make(PATH, name=receiver.url, payload_url=receiver.url, **TYPES)
        names = [f"shared-{time.time_ns()}-{number}" for number in range(64)]
        regions = client.post("dcim/regions/", [{"name": name, "slug": name} for name in names])[1]
        eventually(lambda: len(receiver.under_way) > MOST_AT_ONCE, "more than one process delivers")
        shared.set()
        eventually(lambda: all_delivered(client, hook), "everything is delivered")
        assert {pk for _, pk in receiver.events()} == {each["id"] for each in regions}
        assert receiver.twice_at_once == []
        assert client.delete(f"{PATH}{hook['id']}/") == (204, None)
