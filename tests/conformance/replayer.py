"""Replays a transcript against a running stack and tells which replies differ from the recorded ones."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.conformance.expectations import Expectations

TRANSCRIPTS = Path(__file__).parent / "transcripts"

# Every list that a transcript may fill, dependents before what they depend on.
INVENTORY = {
    "virtualization": ("interfaces", "virtual-machines", "clusters", "cluster-groups", "cluster-types"),
    "secrets": ("secrets", "secret-roles"),
    "extras": ("image-attachments", "topology-maps", "graphs", "export-templates"),
    "circuits": ("circuit-terminations", "circuits", "circuit-types", "providers"),
    "ipam": (
        *("services", "ip-addresses", "prefixes", "aggregates", "rirs"),
        *("vlans", "vlan-groups", "roles", "vrfs"),
    ),
    "dcim": (
        *("interface-connections", "virtual-chassis", "inventory-items", "device-bays", "devices"),
        *("device-types", "platforms", "device-roles", "manufacturers"),
        *("rack-reservations", "racks", "rack-groups", "rack-roles", "sites", "regions"),
    ),
    "tenancy": ("tenants", "tenant-groups"),
}
CUSTOM_FIELDS = "extras/custom-fields"
FIRST_USER = {"<users/users#1>": 1}


@dataclass(frozen=True)
class Step:
    """One recorded exchange; `token` True is the stack's own, None is none; `raw` is a body sent as it is."""

    method: str
    path: str
    status: int
    reply: Any
    body: object = None
    raw: str | None = None
    token: str | bool | None = True
    note: str = ""

    @property
    def endpoint(self) -> str:
        """The list asked, as `dcim/racks`; the app alone for its root, empty for the root of all."""
        return "/".join(part for part in urlsplit(self.path).path.split("/")[2:4] if part)


@dataclass(frozen=True)
class Transcript:
    name: str
    steps: tuple[Step, ...]

    @classmethod
    def load(cls, path: Path) -> "Transcript":
        recorded = json.loads(path.read_text())
        return cls(recorded["name"], tuple(Step(**step) for step in recorded["steps"]))

    def endpoints(self) -> set[str]:
        """The lists that must exist: those asked for in earnest, and those a recorded app root names."""
        asked = {step.endpoint for step in self.steps if step.status != 404 and "/" in step.endpoint}
        named = {
            f"{step.endpoint}/{name}"
            for step in self.steps
            if step.status == 200 and step.endpoint and "/" not in step.endpoint
            for name in step.reply
        }
        return asked | named


class ApiSession:
    """The API of a running stack; replies are pairs of status and JSON, None when empty."""

    def __init__(self, stack):
        self.base_url = stack.base_url.rstrip("/")
        self._token = stack.token
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> "ApiSession":
        return self

    def __exit__(self, *_exception) -> None:
        self._session.close()

    def call(self, method: str, path: str, body=None, raw: str | None = None, token: str | bool | None = True):
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Token {self._token if token is True else token}"
        data = raw if raw is not None or body is None else json.dumps(body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        response = self._session.request(
            method,
            self.base_url + path,
            data=data and data.encode(),
            headers=headers,
            allow_redirects=False,
            timeout=60,
        )
        return response.status_code, _json_or_marker(response)

    def missing(self, endpoints: set[str]) -> list[str]:
        """Which of the endpoints no app root names."""
        apps = {endpoint.split("/")[0] for endpoint in endpoints}
        roots = {app: self.call("GET", f"/api/{app}/") for app in apps}
        built = {f"{app}/{name}" for app, (status, names) in roots.items() if status == 200 for name in names}
        return sorted(endpoints - built)

    def empty_inventory(self) -> None:
        """Delete every object of every list that a transcript may fill."""
        lists = [f"{app}/{name}" for app, names in INVENTORY.items() for name in names]
        for endpoint in (*lists, CUSTOM_FIELDS):
            gone: set[int] = set()
            while left := [each["id"] for each in self._first_page(endpoint)]:
                deleted = {id_: self.call("DELETE", f"/api/{endpoint}/{id_}/") for id_ in left}
                newly_gone = {id_ for id_, (status, _) in deleted.items() if status == 204} - gone
                assert newly_gone, f"{endpoint} cannot be emptied: {deleted[left[0]]}"
                gone |= newly_gone

    def _first_page(self, endpoint: str) -> list[dict]:
        status, page = self.call("GET", f"/api/{endpoint}/?limit=1000")
        if status == 404:
            return []
        assert status == 200, f"{endpoint} cannot be listed: {status} {page}"
        return page["results"]


@dataclass(frozen=True)
class Difference:
    """What differs first in the reply to one step."""

    status: int
    text: str


def replay(transcript: Transcript, api: ApiSession) -> dict[int, Difference]:
    """The steps that differ, by number. The inventory must be empty before."""
    expectations = Expectations(api.base_url, FIRST_USER)
    differences = {}
    for number, step in enumerate(transcript.steps):
        path, body = expectations.concrete(step.path), expectations.concrete(step.body)
        status, reply = api.call(step.method, path, body, step.raw, step.token)
        if found := _difference(step, status, reply, expectations):
            differences[number] = Difference(status, f"{step.method} {path}: {found}")
    return differences


def _difference(step: Step, status: int, reply, expectations: Expectations) -> str | None:
    if status != step.status:
        return f"status {step.status} expected, got {status} {str(reply)[:200]}"
    if step.reply == "$notjson" or step.method in ("HEAD", "OPTIONS"):
        return None
    return expectations.difference(step.reply, reply)


def _json_or_marker(response: requests.Response):
    if not response.content.strip():
        return None
    try:
        return response.json()
    except requests.JSONDecodeError:
        return "$notjson"
