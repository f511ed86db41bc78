"""One run: every case against its floor, side by side."""

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from ipaddress import IPv4Address

import orjson
import psycopg2
from psycopg2.extensions import connection as Connection

from bench import cases
from bench.client import Asker
from bench.dataset import CROWDED_PORTS, Dataset
from bench.measuring import Cost, cost, family
from shared import JsonObject
from stack import processes
from stack.folder import DataFolder
from stack.plan import Plan, database_name
from stack.postgres import Cluster

MOST_FOR_A_THOUSAND_CHANGES = 300  # milliseconds
MOST_FOR_A_CROWDED_DEVICE = 500
LISTS = ("sites", "devices", "interfaces")  # of which pages are measured, too
PAUSE_SECONDS = 0.05  # between requests that come one at a time, as people's do
CLIENTS = (1, 4, 16, 64, 256)
FIRST_FREE = int(IPv4Address("192.168.0.1"))


class Run:
    """The measurements of the stack in `folder`, which holds `data`."""

    def __init__(self, folder: DataFolder, data: Dataset) -> None:
        self.folder, self.data = folder, data
        self.base_url = Plan.load(folder).gateway_url
        self.next_host = FIRST_FREE
        self.connections = {service: self._connect(service) for service in ("dcim", "ipam", "tenancy")}

    def _connect(self, service: str) -> Connection:
        name = database_name(service)
        connection = psycopg2.connect(
            host=str(Cluster(self.folder).socket_folder),
            user=name,
            dbname=name,
            password=self.folder.database_password(name),
            options="-c jit=off -c timezone=UTC",
        )
        connection.autocommit = True
        return connection

    def rows(self) -> Iterator[JsonObject]:
        """One row of the table after the other."""
        yield self._healthz()
        yield from map(self._read, cases.reads(self.data))
        yield from map(self._write, (1, 100))
        yield self._change(1000)
        yield self._rename()
        yield self._rename_device()

    def _healthz(self) -> JsonObject:
        """What two sleeping processes and the least of replies cost: a service's `/healthz`."""

        def healthz(asker: Asker) -> bytes:
            return asker.ask("GET", "/healthz")

        def one() -> None:
            with self.connections["dcim"].cursor() as cursor:
                cursor.execute("SELECT 1")

        direct, spaced = self._asked("dcim", healthz, 100), self._asked("dcim", healthz, 20, PAUSE_SECONDS)
        return row("a service's /healthz", self._cost(one, 100), direct, spaced, direct)

    def _read(self, case: cases.Read) -> JsonObject:
        self._compare(case)

        floor = self._cost(lambda: self.floor(case), case.times)
        return row(
            case.name, floor, *self._ways(case.floor.service, lambda asker: asker.ask("GET", case.path), case.times)
        )

    def _write(self, count: int) -> JsonObject:
        """POST of addresses against the INSERT that somebody would write by hand."""
        hosts = itertools.count(self.next_host)
        times = 60 if count == 1 else 8

        def post(asker: Asker) -> None:
            items = [{"address": f"{IPv4Address(next(hosts))}/16", "tenant": 7} for _ in range(count)]
            asker.ask("POST", "/api/ipam/ip-addresses/", items if count > 1 else items[0])

        def insert() -> None:
            with self.connections["ipam"].cursor() as cursor:
                values = ", ".join(f"('{IPv4Address(next(hosts))}/16', 7, 1, 'by hand')" for _ in range(count))
                cursor.execute(f"INSERT INTO ipam_ipaddress (address, tenant_id, status, description) VALUES {values}")

        ways = self._ways("ipam", post, times)
        made = row(f"POST addresses, {count}", self._cost(insert, times), *ways)
        self.next_host = next(hosts)
        return {**made, "within": made["ours"] <= 10 * made["floor"] + 15}

    def _change(self, count: int) -> JsonObject:
        """PATCH of a list of interfaces against the UPDATE that somebody would write by hand."""
        texts = itertools.count()

        def patch(asker: Asker) -> None:
            text = f"Changed {next(texts)}"
            asker.ask("PATCH", "/api/dcim/interfaces/", [{"id": 1 + n, "description": text} for n in range(count)])

        def update() -> None:
            with self.connections["dcim"].cursor() as cursor:
                cursor.execute(
                    "UPDATE dcim_interface SET description = %s WHERE id BETWEEN 1 AND %s", (str(next(texts)), count)
                )

        made = row(f"PATCH interfaces, {count:,}", self._cost(update, 8), *self._ways("dcim", patch, 8))
        return {**made, "within": made["ours"] <= MOST_FOR_A_THOUSAND_CHANGES}

    def _rename(self) -> JsonObject:
        """A tenant behind half of everything gets another name, which every service then shows."""
        names = itertools.count()

        def rename(asker: Asker) -> None:
            asker.ask("PATCH", "/api/tenancy/tenants/1/", {"name": f"Renamed {next(names)}"})

        def update() -> None:
            with self.connections["tenancy"].cursor() as cursor:
                cursor.execute("UPDATE tenancy_tenant SET description = %s WHERE id = 1", (str(next(names)),))

        return row("rename of a tenant", self._cost(update, 20), *self._ways("tenancy", rename, 20))

    def _rename_device(self) -> JsonObject:
        """A device with thousands of interfaces gets another name, which ipam then shows: against one with ten."""
        names = itertools.count()

        def renaming(pk: int) -> Callable[[Asker], object]:
            return lambda asker: asker.ask("PATCH", f"/api/dcim/devices/{pk}/", {"name": f"Renamed {pk} {next(names)}"})

        few = self._asked("", renaming(1), 8)
        ways = self._ways("dcim", renaming(self.data.crowded_device), 8)
        made = row(f"rename of a device, {CROWDED_PORTS:,} ports", few, *ways)
        return {**made, "within": made["ours"] <= MOST_FOR_A_CROWDED_DEVICE}

    def throughput(self, seconds: float = 5.0) -> dict[str, dict[str, float]]:
        """Requests a second through the gateway, by what is asked for and how many clients ask at once."""
        targets = {"devices, 50": "/api/dcim/devices/?limit=50", "one address": "/api/ipam/ip-addresses/7/"}
        return {
            name: {str(clients): self._together(target, clients, seconds) for clients in CLIENTS}
            for name, target in targets.items()
        }

    def pages(self) -> dict[str, float]:
        """Milliseconds of the gateway's CPU that a list costs as a page for people."""
        lists = {f"{name}, {limit:,}": f"/api/dcim/{name}/?limit={limit}" for name in LISTS for limit in (50, 1000)}
        return {name: self._page(target) for name, target in lists.items()}

    def _page(self, target: str) -> float:
        gateway = processes.members(self.folder, "gateway")
        with closing(Asker(self.folder)) as asker:
            return cost(lambda: asker.ask("GET", target, accept="text/html"), 12, gateway).cpu

    def _together(self, target: str, clients: int, seconds: float) -> float:
        end = time.monotonic() + seconds

        def ask() -> int:
            answered = 0
            with closing(Asker(self.folder)) as asker:
                while time.monotonic() < end:
                    asker.ask("GET", target)
                    answered += 1
            return answered

        with ThreadPoolExecutor(clients) as pool:
            return sum(pool.map(lambda _: ask(), range(clients))) / seconds

    def _ways(self, service: str, ask: Callable[[Asker], object], times: int) -> tuple[Cost, Cost, Cost]:
        """The cost of `ask` through the gateway, back to back and with pauses, and of the service itself."""
        spaced = self._asked("", ask, min(times, 20), PAUSE_SECONDS)
        return self._asked("", ask, times), spaced, self._asked(service, ask, times)

    def _asked(self, service: str, ask: Callable[[Asker], object], times: int, pause: float = 0.0) -> Cost:
        """The cost of `ask` by way of the gateway, or of the service where one is named."""
        with closing(Asker(self.folder, service)) as asker:
            return self._cost(lambda: ask(asker), times, pause)

    def _cost(self, do: Callable[[], object], times: int, pause: float = 0.0) -> Cost:
        return cost(do, times, family(processes.alive(self.folder)), pause)

    def floor(self, case: cases.Read) -> list[str]:
        with self.connections[case.floor.service].cursor() as cursor:
            cursor.execute(case.sql, {"base": self.base_url})
            return [row[0] for row in cursor.fetchall()]

    def _compare(self, case: cases.Read) -> None:
        """Refuse to compare two things that are not the same. Raises ValueError."""
        least = [orjson.loads(text) for text in self.floor(case)]
        with closing(Asker(self.folder)) as asker:
            answer = asker.json("GET", case.path)
        ours = answer if isinstance(answer, list) else answer.get("results", [answer])
        if list(map(_known_by, least)) != list(map(_known_by, ours)):
            raise ValueError(f"{case.name}: the floor has other rows than the reply")


def _known_by(item: JsonObject) -> int | str:
    """An object's id; what is free has only its address."""
    return item.get("id") or item["address"]


def row(name: str, floor: Cost, ours: Cost, spaced: Cost, direct: Cost) -> JsonObject:
    """A row of the table, all in milliseconds."""
    return {
        "name": name,
        "floor": floor.median,
        "ours": ours.median,
        "spaced": spaced.median,
        "direct": direct.median,
        "ratio": ours.median / floor.median,
        "within": ours.median <= 1.5 * floor.median + 2.5,
        "floor_cpu": floor.cpu,
        "cpu": ours.cpu,
        "direct_cpu": direct.cpu,
    }
