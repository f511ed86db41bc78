"""Clients that rename what other services hold, and read each new name back there at once."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

import requests

from tests.client import Client
from tests.dcim.equipment import Equipment

DOWN = {502, 503, 504}
SECONDS_TO_ANSWER = 6.0
SECONDS_TO_RETURN = 30.0
_numbers = count(1)


@dataclass(frozen=True)
class Watched:
    """An object whose `title` is renamed, and where it is shown: (service, path, what of its face)."""

    path: str
    title: str
    shown: list[tuple[str, str, Callable[[dict], str]]]


@dataclass
class Record:
    """What was seen; `degraded` are (when, holder) of writes that named one."""

    counts: Counter = field(default_factory=Counter)
    stale: list[str] = field(default_factory=list)
    degraded: list[tuple[float, float, str]] = field(default_factory=list)


class Renamer(threading.Thread):
    """Renames one object again and again until told to stop."""

    def __init__(self, watched: Watched, base_url: str, token: str, record: Record):
        super().__init__(daemon=True)
        self.watched, self.record = watched, record
        self._login = base_url, token
        self._connect()
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set():
            name = f"renamed-{next(_numbers)}"
            began = time.monotonic()
            reply = self._ask("PATCH", self.watched.path, {self.watched.title: name})
            self.record.counts["writes"] += 1
            if reply is None or reply.status_code in DOWN:
                self.record.counts["unclear"] += 1
                self.stopping.wait(0.2)
                continue
            if reply.status_code != 200:
                self.record.stale.append(f"PATCH {self.watched.path}: {reply.status_code} {reply.text}")
                continue
            degraded = set(filter(None, reply.headers.get("X-Degraded", "").split(", ")))
            self.record.degraded += [(began, time.monotonic(), holder) for holder in degraded]
            for holder, path, name_in in self.watched.shown:
                self._read_back(name, holder, path, name_in, holder in degraded)

    def _read_back(self, name: str, holder: str, path: str, name_in: Callable[[dict], str], degraded: bool) -> None:
        face = self._face(path)
        if face is None:
            self.record.counts["unread"] += 1
        elif degraded:
            self.record.counts["degraded"] += 1
        else:
            self.record.counts["reads"] += 1
            if (shown := name_in(face)) != name:
                self.record.stale.append(f"{holder} shows {shown}, not {name}, of {self.watched.path}")

    def _face(self, path: str) -> dict | None:
        """What is there as soon as anybody answers."""
        give_up = time.monotonic() + SECONDS_TO_RETURN
        while time.monotonic() < give_up:
            reply = self._ask("GET", path)
            if reply is not None and reply.status_code == 200:
                return reply.json()
            time.sleep(0.05)
        return None

    def _ask(self, method: str, path: str, body: dict | None = None) -> requests.Response | None:
        try:
            return self.client.request(method, path, body)
        except requests.RequestException:
            self._connect()
            return None

    def _connect(self) -> None:
        self.client = Client(*self._login, seconds=SECONDS_TO_ANSWER)


def watched(client: Client) -> Iterator[Watched]:
    """One object of each owner, with somebody who holds it in every service that can."""
    equipment = Equipment(client)
    word = f"watched-{next(_numbers)}-{time.time_ns() % 10**7}"
    named = {"name": word, "slug": word}
    tenant = client.make("tenancy/tenants/", **named)
    site = client.make("dcim/sites/", tenant=tenant["id"], **named)
    vrf = client.make("ipam/vrfs/", name=word, rd=word, tenant=tenant["id"])
    provider, kind = client.make("circuits/providers/", **named), client.make("circuits/circuit-types/", **named)
    of_circuit = {"provider": provider["id"], "type": kind["id"], "tenant": tenant["id"]}
    circuit = client.make("circuits/circuits/", cid=word, **of_circuit)
    ends = {"circuit": circuit["id"], "term_side": "A", "site": site["id"], "port_speed": 1000}
    end = client.make("circuits/circuit-terminations/", **ends)
    device = equipment.make_device()
    interface = equipment.make_interface(device, mode=100)
    address = client.make("ipam/ip-addresses/", address="10.0.0.1/24", interface=interface["id"])
    service = client.make("ipam/services/", name=word, device=device["id"], port=80, protocol=6)
    vlan = client.make("ipam/vlans/", vid=7, name=word)
    assert client.patch(f"dcim/interfaces/{interface['id']}/", {"untagged_vlan": vlan["id"]})[0] == 200
    topology = client.make("extras/topology-maps/", site=site["id"], device_patterns=word, **named)
    of_cluster = {"type": client.make("virtualization/cluster-types/", name=f"at {word}", slug=f"at-{word}")["id"]}
    cluster = client.make("virtualization/clusters/", name=f"at {word}", site=site["id"], **of_cluster)
    machine = client.make(
        "virtualization/virtual-machines/", name=f"of {word}", cluster=cluster["id"], tenant=tenant["id"]
    )
    user = client.make("users/users/", username=word, password=word)
    rack = client.make("dcim/racks/", name=word, site=site["id"])
    reserved = client.make("dcim/rack-reservations/", rack=rack["id"], units=[1], description=word, user=1)
    assert client.patch(f"dcim/rack-reservations/{reserved['id']}/", {"user": user["id"]})[0] == 200
    owner = ("tenant", "name")
    yield Watched(
        f"tenancy/tenants/{tenant['id']}/",
        "name",
        [
            ("dcim", f"dcim/sites/{site['id']}/", _at(*owner)),
            ("ipam", f"ipam/vrfs/{vrf['id']}/", _at(*owner)),
            ("circuits", f"circuits/circuits/{circuit['id']}/", _at(*owner)),
            ("virtualization", f"virtualization/virtual-machines/{machine['id']}/", _at(*owner)),
        ],
    )
    yield Watched(
        f"dcim/sites/{site['id']}/",
        "name",
        [
            ("circuits", f"circuits/circuit-terminations/{end['id']}/", _at("site", "name")),
            ("extras", f"extras/topology-maps/{topology['id']}/", _at("site", "name")),
            ("virtualization", f"virtualization/clusters/{cluster['id']}/", _at("site", "name")),
        ],
    )
    yield Watched(
        f"dcim/devices/{device['id']}/",
        "name",
        [
            ("ipam", f"ipam/services/{service['id']}/", _at("device", "name")),
            ("ipam", f"ipam/ip-addresses/{address['id']}/", _at("interface", "device", "name")),
        ],
    )
    shown = [("dcim", f"dcim/interfaces/{interface['id']}/", _at("untagged_vlan", "name"))]
    yield Watched(f"ipam/vlans/{vlan['id']}/", "name", shown)
    shown = [("dcim", f"dcim/rack-reservations/{reserved['id']}/", _at("user", "username"))]
    yield Watched(f"users/users/{user['id']}/", "username", shown)
    yield from _watched_machines(client, word, device)


def _watched_machines(client: Client, word: str, device: dict) -> Iterator[Watched]:
    kind = client.make("virtualization/cluster-types/", name=word, slug=word)
    cluster = client.make("virtualization/clusters/", name=word, type=kind["id"])
    assert client.patch(f"dcim/devices/{device['id']}/", {"cluster": cluster["id"]})[0] == 200
    machine = client.make("virtualization/virtual-machines/", name=word, cluster=cluster["id"])
    port = client.make("virtualization/interfaces/", name=word, virtual_machine=machine["id"])
    service = client.make("ipam/services/", name=word, virtual_machine=machine["id"], port=80, protocol=6)
    shown = [("dcim", f"dcim/devices/{device['id']}/", _at("cluster", "name"))]
    yield Watched(f"virtualization/clusters/{cluster['id']}/", "name", shown)
    shown = [
        ("dcim", f"virtualization/interfaces/{port['id']}/", _at("virtual_machine", "name")),
        ("ipam", f"ipam/services/{service['id']}/", _at("virtual_machine", "name")),
    ]
    yield Watched(f"virtualization/virtual-machines/{machine['id']}/", "name", shown)


def _at(*names: str) -> Callable[[dict], str]:
    def found(face: dict) -> str:
        value: object = face
        for name in names:
            value = value[name]  # type: ignore[index]
        return str(value)

    return found
