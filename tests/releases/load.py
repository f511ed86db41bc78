"""What clients do while programs are replaced, and what they may expect to see of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Protocol

import requests

from tests.client import Client

WORD = "loaded-"
_words = (f"{WORD}{number}" for number in count(1))


class Loaded(Protocol):
    """A Patchbay, and the program of it that is `replacing` just now."""

    @property
    def client(self) -> Client: ...

    @property
    def replacing(self) -> str | None: ...


class Load:
    """Writes and reads one after the other until it is told to stop.

    `failed` are the answers that the program which is being replaced does not excuse, `stale` the reads that did not
    show what was written.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.loaded, self.client = loaded, loaded.client
        self.requests = 0
        self.failed: list[str] = []
        self.stale: list[str] = []
        self.excused: list[str] = []
        self.rounds = 0
        self._end = threading.Event()
        self.tenant = self.client.make("tenancy/tenants/", name=next(_words), slug=next(_words), description="loaded")
        self.site = self.client.make("dcim/sites/", name=next(_words), slug=next(_words), tenant=self.tenant["id"])
        self.prefix = self.client.make("ipam/prefixes/", prefix="10.99.0.0/16", site=self.site["id"])

    def _run(self) -> None:
        while not self._end.is_set():
            self._rename()
            self._refer_and_delete()
            for path in ("dcim/devices/", "ipam/prefixes/", "virtualization/clusters/", "circuits/circuits/"):
                self._ask("GET", path)
            self.rounds += 1

    def _rename(self) -> None:
        """A new name is shown at once by whoever refers to the object."""
        for kind, made, holder, name_in in (
            ("tenancy/tenants/", self.tenant, f"dcim/sites/{self.site['id']}/", "tenant"),
            ("dcim/sites/", self.site, f"ipam/prefixes/{self.prefix['id']}/", "site"),
        ):
            word = next(_words)
            written = self._ask("PATCH", f"{kind}{made['id']}/", {"name": word})
            if written is None or written.status_code != 200 or "X-Degraded" in written.headers:
                continue
            read = self._ask("GET", holder)
            if read is not None and read.status_code == 200 and read.json()[name_in]["name"] != word:
                self.stale.append(f"{holder} shows {read.json()[name_in]} in place of {word}")

    def _refer_and_delete(self) -> None:
        """A new object, the first reference to it, and both go again."""
        word = next(_words)
        tenant = self._ask("POST", "tenancy/tenants/", {"name": word, "slug": word})
        if tenant is None or tenant.status_code != 201:
            return
        body = {"name": word, "slug": word, "tenant": tenant.json()["id"]}
        site = self._ask("POST", "dcim/sites/", body)
        if site is not None and site.status_code == 201:
            self._ask("DELETE", f"dcim/sites/{site.json()['id']}/")
        self._ask("DELETE", f"tenancy/tenants/{tenant.json()['id']}/")

    def _ask(self, method: str, path: str, body: Any = None) -> requests.Response | None:
        before = self.loaded.replacing
        try:
            reply = self.client.request(method, path, body)
            failed = f"{reply.status_code} {reply.text[:200]}" if reply.status_code >= 500 else ""
        except requests.ConnectionError as error:
            reply, failed = None, type(error).__name__
        self.requests += 1
        if failed:
            excused = {before, self.loaded.replacing} - {None}
            kept = self.excused if excused else self.failed
            kept.append(f"{method} {path}: {failed} (replacing {excused or 'nothing'})")
        return reply


@contextmanager
def load(loaded: Loaded) -> Iterator[Load]:
    """Load for the length of the block; at its end nothing may have failed without an excuse, or been stale."""
    running = Load(loaded)
    thread = threading.Thread(target=running._run)
    thread.start()
    try:
        yield running
    finally:
        running._end.set()
        thread.join()
    assert running.rounds, "nothing was asked"
    assert not running.failed, running.failed
    assert not running.stale, running.stale


def wrong_faces(client: Client) -> list[str]:
    """Every nested object on the first page of every list that does not say what its own address says.

    What a load is changing just now is left out, and the change log, whose names are those of then.
    """
    shown: dict[str, dict[str, Any]] = {}
    nested: list[tuple[str, dict[str, Any]]] = []
    for app, root in client.get("")[1].items():
        for name, address in client.session.get(root).json().items() if isinstance(root, str) else ():
            if name == "object-changes":
                continue
            reply = client.session.get(address, params={"limit": 1000})
            listed = reply.json() if reply.ok and "json" in reply.headers["Content-Type"] else {}
            for each in listed.get("results", []) if isinstance(listed, dict) else []:
                shown[each.get("url", f"{address}{each.get('id')}/")] = each
                nested += [(f"{app}/{name} {each.get('id')}", face) for face in _faces(each)]
    wrong = []
    for where, face in nested:
        if any(str(value).startswith(WORD) for value in face.values()):
            continue
        if (url := face["url"]) not in shown:
            reply = client.session.get(url)
            shown[url] = reply.json() if reply.ok else {"detail": reply.status_code}
        for key, value in face.items():
            if key != "url" and not isinstance(value, dict) and shown[url].get(key) != value:
                if isinstance(shown[url].get(key), dict) and shown[url][key].get("value") == value:
                    continue
                wrong.append(f"{where}: {url} is {shown[url].get(key)!r} as {key}, not {value!r}")
    return wrong


def _faces(content: Any) -> Iterator[dict[str, Any]]:
    for value in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
        if isinstance(value, dict) and {"id", "url"} <= value.keys():
            yield value
        yield from _faces(value)
