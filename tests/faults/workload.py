"""The clients of a fault test, and what they know of what they wrote.

Every object is written by one client only, so its state is known; an object whose last write got no clear answer is
never written again, since that write may still be on its way, and counts as either.
"""

import random
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg2
import requests

from stack.databases import dsn
from tests.client import Client
from tests.faults.kinds import CASCADE, INTERFACES, KINDS, REMOVED, Kind, ids
from tests.running import Stack

WRITERS = 5
DOWN = {502, 503, 504}
BACK_OFF_SECONDS = 0.4
ABSENT = re.compile(r'Invalid pk "(\d+)" - object does not exist')
SLOWEST_COMMIT_SECONDS = 2.0


@dataclass
class Thing:
    """An object as its client knows it: what it was told of, and whether that is certain.

    `moved` are the references that a change was sent for, whatever became of it.
    """

    kind: Kind
    title: str
    references: dict
    id: int | None = None
    certain: bool = True
    exists: bool = True
    refused: list[tuple[str, int]] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)
    caller: Client | None = None


@dataclass(frozen=True)
class Deed:
    """A write that was acknowledged: of an object of `path`, with the reply to it, and when that came."""

    request_id: str
    method: str
    path: str
    id: int
    reply: Any
    at: float = field(default_factory=time.monotonic)


class World:
    """All objects of one schedule, and what went wrong with them; `session_key` opens secrets.

    `since` is the position of the last change that was made before.
    """

    def __init__(self, prefix: str, session_key: str, since: int):
        self.prefix, self.session_key, self.since = prefix, session_key, since
        self.things: list[Thing] = []
        self.deeds: list[Deed] = []
        self.asked: dict[str, float] = {}  # the ids of all requests that write, and when they were sent
        self.violations: list[str] = []
        self.counts: Counter = Counter()
        self.links: Counter = Counter()
        self._lock = threading.Lock()
        self._words = 0

    def word(self) -> str:
        with self._lock:
            self._words += 1
            return f"{self.prefix}-{self._words}"

    def add(self, thing: Thing) -> None:
        with self._lock:
            self.things.append(thing)

    def ask(self) -> str:
        """The id of a request that writes."""
        request_id = uuid.uuid4().hex
        with self._lock:
            self.asked[request_id] = time.monotonic()
        return request_id

    def seconds_to_write(self, since: float) -> float | None:
        """From `since` to the first acknowledgement of a write that was sent later."""
        with self._lock:
            return min((deed.at - since for deed in self.deeds if self.asked[deed.request_id] > since), default=None)

    def acknowledge(self, request_id: str, method: str, path: str, reply: Any) -> None:
        listed, _, pk = path.strip("/").rpartition("/") if method != "POST" else (path.strip("/"), "", reply["id"])
        with self._lock:
            self.deeds.append(Deed(request_id, method, listed, int(pk), reply))

    def blame(self, what: str) -> None:
        with self._lock:
            self.violations.append(what)

    def count(self, what: object) -> None:
        with self._lock:
            self.counts[what] += 1

    def link(self, kind: Kind, name: str) -> None:
        with self._lock:
            self.links[kind.key, name] += 1

    def targets(self, path: str) -> list[int]:
        """Ids to refer to, most of them still there."""
        return [each.id for each in self.present() if each.kind.path == path and each.id]

    def may_have_left(self, address: int) -> bool:
        """Whether an IP address may have gone to another interface since it was made, or its interface elsewhere."""
        with self._lock:
            found = [each for each in self.things if each.kind.path == "ipam/ip-addresses" and each.id == address]
            interfaces = [each.references["interface"] for each in found]
            found += [each for each in self.things if each.kind.path in INTERFACES and each.id in interfaces]
        return any(each.moved & {"interface", "device", "virtual_machine"} for each in found)

    def present(self) -> list[Thing]:
        with self._lock:
            return [each for each in self.things if each.id and each.exists]


class Writer(threading.Thread):
    """One client: creates, renames, moves, deletes and reads its own objects until told to stop."""

    def __init__(self, world: World, base_url: str, token: str, seed: int):
        super().__init__(daemon=True)
        self.world, self.random = world, random.Random(seed)
        self.client = Client(base_url, token)
        self.client.session.headers["X-Session-Key"] = world.session_key
        self.mine: list[Thing] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        steps = self.steps()
        while not self.stopping.is_set():
            self.random.choice(steps)()

    def steps(self) -> list[Callable[[], None]]:
        return [self.create] * 5 + [self.rename] * 3 + [self.move] * 4 + [self.delete] * 2 + [self.read] * 2

    def begin(self) -> None:
        """One object of each type, before anything is hurt."""
        for kind in KINDS.values():
            self.create(kind)

    def create(self, kind: Kind | None = None) -> None:
        kind = kind or self.random.choice(list(KINDS.values()))
        now = [name for name in kind.edges if name not in kind.late]
        references = {name: self._pick(kind, name) for name in now}
        if any(references[name] is None for name in kind.required):
            return
        word = self.world.word()
        thing = Thing(kind, kind.named(word), references)
        sent = {kind.title: thing.title, **kind.body(word), **{k: v for k, v in references.items() if v is not None}}
        status, reply = self._write("POST", f"{kind.path}/", sent, kind.file)
        thing.certain = status is not None
        thing.exists = status == 201
        if status == 201:
            thing.id = reply["id"]
            references.update({name: reply[name] for name in kind.late})
            self._linked(kind, references)
            self.mine.append(thing)
            self._employ(thing)
        elif status is not None:
            self._refused(thing, references, status, reply)
        self.world.add(thing)

    def rename(self) -> None:
        """Some of it in the name of a user that may be deleted later: then what it did is forgotten with it."""
        if thing := self._one():
            word = thing.kind.named(self.world.word())
            callers = [each.caller for each in self.mine if each.caller and each is not thing]
            caller = self.random.choice([self.client, *callers])
            self._change(thing, {thing.kind.title: word}, lambda: setattr(thing, "title", word), caller)

    def move(self) -> None:
        """Often what no create can refer to."""
        waiting = [each for each in self.mine if each.kind.late]
        thing = self.random.choice(waiting) if waiting and self.random.random() < 0.4 else self._one()
        if thing and thing.kind.edges:
            name = self.random.choice([*thing.kind.edges, *thing.kind.late, *thing.kind.late])
            new = {name: self._pick(thing.kind, name, thing)}
            if new[name] is not None or name not in thing.kind.required:
                thing.moved.add(name)
                self._change(thing, new, lambda: self._moved(thing, new))

    def _moved(self, thing: Thing, new: dict) -> None:
        thing.references.update(new)
        self._linked(thing.kind, new)

    def _linked(self, kind: Kind, references: dict) -> None:
        for name in references:
            if ids(references[name]):
                self.world.link(kind, name)

    def _employ(self, user: Thing) -> None:
        if user.kind.path == "users/users":
            status, reply = self._write("POST", "users/tokens/", {"user": user.id})
            if status == 201:
                user.caller = Client(self.client.base_url, reply["key"])

    def _change(self, thing: Thing, new: dict, accept: Callable[[], None], caller: Client | None = None) -> None:
        status, reply = self._write("PATCH", f"{thing.kind.path}/{thing.id}/", new, caller=caller)
        if status == 200:
            accept()
        elif status is None:
            self._retire(thing)
        elif status == 404:
            self._gone(thing, f"PATCH {new}")
        else:
            self._refused(thing, new, status, reply)

    def delete(self) -> None:
        if thing := self._one():
            status, reply = self._write("DELETE", f"{thing.kind.path}/{thing.id}/")
            if status == 204:
                thing.exists = False
                self.mine.remove(thing)
            elif status is None:
                self._retire(thing)
            elif status == 404:
                self._gone(thing, "DELETE")
            elif status != 409 or not reply["dependents"]:
                self.world.blame(f"DELETE {thing} answered {status} {reply}")

    def read(self) -> None:
        """A service answers for its own data, and with what it acknowledged."""
        if thing := self._one():
            status, reply = self._call("GET", f"{thing.kind.path}/{thing.id}/")
            if status == 404:
                self._gone(thing, "GET")
            elif status == 200 and reply[thing.kind.title] != thing.title:
                self.world.blame(f"GET of {thing} answered {reply}")

    def _write(self, method: str, path: str, body=None, file=None, caller=None) -> tuple[int | None, Any]:
        """Status and reply; the status is None when the write may or may not have been done."""
        self.world.count("writes")
        request_id = self.world.ask()
        status, reply = self._call(method, path, body, file, caller, request_id)
        if status in (200, 201, 204):
            self.world.acknowledge(request_id, method, path, reply)
        self.world.count("acknowledged" if status in (200, 201, 204) else "refused" if status else "unclear")
        if status is None:
            self.stopping.wait(BACK_OFF_SECONDS)
        return status, reply

    def _call(
        self, method: str, path: str, body=None, file=None, caller=None, request_id: str = ""
    ) -> tuple[int | None, Any]:
        sent = {"data": body, "files": file()} if file else {"body": body}
        if request_id:
            sent["headers"] = {"X-Request-ID": request_id}
        try:
            status, reply = (caller or self.client).call(method, path, **sent)
        except (requests.RequestException, ValueError):
            return None, None
        if status in DOWN:
            return None, reply
        if status >= 500:
            self.world.blame(f"{method} {path} {body} answered {status} {reply}")
            return None, reply
        return status, reply

    def _refused(self, thing: Thing, sent: dict, status: int, reply) -> None:
        """Only a reference to something that is gone is refused, unless the type has rules.

        Of the parent of a picture, its one reference, the error is about the whole.
        """
        edges, told = thing.kind.edges, reply if status == 400 else {}
        found = [(name, int(pk)) for name in told for pk in ABSENT.findall(str(told[name]))]
        unknown = [(name if name in edges else next(iter(edges)), pk) for name, pk in found]
        thing.refused += unknown
        if status != 400 or not (thing.kind.ruled or unknown):
            self.world.blame(f"{thing} with {sent} answered {status} {reply}")

    def _gone(self, thing: Thing, how: str) -> None:
        """Something of ours is not there: a cascade may have taken it, nothing else."""
        if CASCADE not in {then for _, then in thing.kind.edges.values()}:
            self.world.blame(f"{how} of {thing}: it is gone")
        self._retire(thing)

    def _retire(self, thing: Thing) -> None:
        thing.certain = False
        self.mine.remove(thing)

    def _one(self) -> Thing | None:
        return self.random.choice(self.mine) if self.mine else None

    def _pick(self, kind: Kind, name: str, thing: Thing | None = None):
        """An id to refer to, a list of them where the reference is one, or None."""
        choose = kind.choices.get(name)
        found = choose(self.world.present(), thing) if choose else self.world.targets(kind.edges[name][0])[-40:]
        wanted = name in kind.required or self.random.random() < 0.7
        if kind.edges[name][1] == REMOVED:
            return self.random.sample(found, min(len(found), 2)) if wanted else []
        return self.random.choice(found) if found and wanted else None


class Dawdler(Writer):
    """A client of a database itself, whose transactions finish late: what began after them is committed before."""

    def __init__(self, world: World, base_url: str, token: str, seed: int, database_url: str):
        super().__init__(world, base_url, token, seed)
        self.database_url = database_url

    def begin(self) -> None:
        for _ in range(3):
            self.create(KINDS["tenancy/tenants"])

    def steps(self) -> list[Callable[[], None]]:
        return [self.rename_slowly]

    def rename_slowly(self) -> None:
        thing, word = self._one(), self.world.word()
        if thing is None:
            self.stopping.wait(SLOWEST_COMMIT_SECONDS)
            return
        self.world.count("writes")
        self.world.count("slow commits")
        committing = False
        try:
            with closing(psycopg2.connect(self.database_url)) as connection, connection.cursor() as cursor:
                cursor.execute("UPDATE tenancy_tenant SET name = %s WHERE id = %s", (word, thing.id))
                self.stopping.wait(self.random.uniform(0.1, SLOWEST_COMMIT_SECONDS))
                committing = True
                connection.commit()
            thing.title = word
            self.world.count("acknowledged")
        except psycopg2.Error:
            self.world.count("unclear")
            if committing:
                self._retire(thing)
            self.stopping.wait(BACK_OFF_SECONDS)


@contextmanager
def writing(stack: Stack, keyholder: Client, seed: int) -> Iterator[World]:
    """Clients that write meanwhile; `keyholder` has an open session for secrets."""
    since = keyholder.results("extras/object-changes/", ordering="-id", limit=1)[0]["id"]
    world = World(f"f{seed}-{time.time_ns() % 10**7}", str(keyholder.session.headers["X-Session-Key"]), since)
    writers = [Writer(world, stack.base_url, stack.token, seed * 100 + number) for number in range(WRITERS)]
    tenancy = dsn(stack.database_url("tenancy"))
    writers.append(Dawdler(world, stack.base_url, stack.token, seed * 100 + WRITERS, tenancy))
    for writer in writers:
        writer.begin()
    for writer in writers:
        writer.start()
    try:
        yield world
    finally:
        for writer in writers:
            writer.stopping.set()
        for writer in writers:
            writer.join()
