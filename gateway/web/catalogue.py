"""What the services serve: their OpenAPI documents, asked for now and then, and what each says of a path."""

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock, Thread
from time import monotonic

import orjson

from gateway.errors import GatewayError
from gateway.request import Request
from gateway.routing import app_of
from gateway.upstreams import Upstreams
from gateway.web.endpoint import Endpoint
from shared import JsonObject
from shared.config import APPS
from shared.http import budget
from shared.security.identity import Identity
from shared.telemetry.origin import carried

FRESH_SECONDS = 60
RETRY_SECONDS = 5
FIRST_SECONDS = 1.5  # how long a page waits for a document that there never was
VERBS = ("get", "post", "put", "patch", "delete")
# Only programs change or delete what they list in a body.
VERBS_OF_LISTS = ("get", "post")


class Relations:
    """Which lists hold what belongs to objects: `by_filter` (list, filter by id) of those that may refer to one of a
    list, `by_type` the lists that belong to a type without referring to it.
    """

    def __init__(self, documents: Iterable[JsonObject]) -> None:
        self.by_filter: dict[str, list[tuple[str, str]]] = {}
        self.by_type: dict[str, list[str]] = {}
        for path, reading in ((path, verbs.get("get", {})) for each in documents for path, verbs in _paths(each)):
            for each in reading.get("parameters", ()):
                if each.get("x-reference") and each.get("x-key") == "id":
                    self.by_filter.setdefault(each["x-reference"], []).append((path, each["name"]))
            for label in reading.get("x-belongs-to", ()):
                self.by_type.setdefault(label, []).append(path)


def _paths(document: JsonObject) -> Iterable[tuple[str, JsonObject]]:
    paths: JsonObject = document.get("paths", {})
    return paths.items()


class Catalogue:
    """The OpenAPI documents of all apps. While a service does not answer, the last document it gave is used, if any.

    A newer document is fetched in the background: no request waits for it.
    """

    def __init__(self, upstreams: Upstreams) -> None:
        self._upstreams = upstreams
        self._documents: dict[str, tuple[float, JsonObject]] = {}
        self._known: tuple[dict[str, JsonObject], Relations] | None = None
        self._asking: dict[str, Lock] = {app: Lock() for app in APPS}

    def documents(self) -> dict[str, JsonObject]:
        """Every app's document, asked for in parallel."""
        if all(app in self._documents for app in APPS):
            return {app: self.document(app) for app in APPS}
        with ThreadPoolExecutor(len(APPS)) as pool:
            return dict(zip(APPS, pool.map(carried(self.document), APPS), strict=True))

    def document(self, app: str) -> JsonObject:
        until, known = self._documents.get(app, (0.0, {}))
        if monotonic() >= until:
            if not known:
                with budget.limited(FIRST_SECONDS):
                    return self._renewed(app)
            Thread(target=self._renewed, args=(app,), daemon=True).start()
        return known

    def _renewed(self, app: str) -> JsonObject:
        """The current document; the last one while the service does not answer or another thread is fetching it."""
        known = self._documents.get(app, (0.0, {}))[1]
        if not self._asking[app].acquire(blocking=not known):
            return known
        try:
            fetched = self._fetch(app)
            self._documents[app] = monotonic() + (FRESH_SECONDS if fetched else RETRY_SECONDS), fetched or known
            return self._documents[app][1]
        finally:
            self._asking[app].release()

    def endpoint(self, path: str) -> Endpoint | None:
        """What is served at `path`, or None when no document says so."""
        app = app_of(path)
        if app is None:
            return None
        document = self.document(app)
        for template, described in document.get("paths", {}).items():
            if _pattern(template).fullmatch(path):
                shown = VERBS if template.endswith("{pk}/") else VERBS_OF_LISTS
                operations = {verb: each for verb, each in described.items() if verb in shown}
                return Endpoint(template, operations, document)
        return None

    def lists(self) -> dict[str, str]:
        """The list of what is called so: `{"rack group": "/api/dcim/rack-groups/"}`, longer names first."""
        nouns = {
            described["post"]["summary"].partition(" ")[2]: path
            for document in self.documents().values()
            for path, described in document.get("paths", {}).items()
            if "x-type" in described.get("post", {}) and "{" not in path
        }
        return dict(sorted(nouns.items(), key=lambda item: -len(item[0])))

    def lists_of(self, label: str) -> list[str]:
        """The lists of objects of type `label`."""
        return [
            path
            for document in self.documents().values()
            for path, described in document.get("paths", {}).items()
            if "{" not in path and described.get("get", {}).get("x-type") == label
        ]

    def nouns(self) -> dict[str, str]:
        """What the objects of each type are called: `{"dcim.racktype": "rack type"}`."""
        operations = [
            described["post"]
            for document in self.documents().values()
            for described in document.get("paths", {}).values()
            if "x-type" in described.get("post", {}) and "requestBody" in described["post"]
        ]
        return {each["x-type"]: each["summary"].partition(" ")[2] for each in operations}

    def actions(self, endpoint: Endpoint) -> list[str]:
        """The names of what there is below an object."""
        below = (path.removeprefix(endpoint.template) for path in endpoint.document.get("paths", ()))
        return [path.rstrip("/") for path in below if re.fullmatch(r"[\w-]+/", path)]

    def referring(self, path: str) -> list[tuple[str, str]]:
        """(list, filter by id): where objects may refer to one of the list `path`."""
        return self._relations().by_filter.get(path, [])

    def holding(self, path: str, label: str) -> set[str]:
        """The apps in which something may belong to an object of type `label`, whose list is `path`."""
        lists = [*(other for other, _ in self.referring(path)), *self._relations().by_type.get(label, ())]
        return {app for other in lists if (app := app_of(other))}

    def filled(self) -> list[str]:
        """The apps that tell how full some of their objects are."""
        return [
            app
            for app, document in self.documents().items()
            if any(verbs.get("get", {}).get("x-utilization") for _, verbs in _paths(document))
        ]

    def _relations(self) -> "Relations":
        """What refers to what, read anew when a document is another."""
        documents = self.documents()
        if self._known is None or any(self._known[0].get(app) is not each for app, each in documents.items()):
            self._known = documents, Relations(documents.values())
        return self._known[1]

    def _fetch(self, app: str) -> JsonObject | None:
        path = f"/internal/{app}/openapi"
        headers = {"X-Forwarded-For": "127.0.0.1"}
        asked = Request("GET", path, "", "gateway", "http", headers)
        try:
            reply = self._upstreams.send(asked, app, Identity(service="gateway"))
        except GatewayError:
            return None
        return orjson.loads(b"".join(reply.body)) if reply.status == 200 else None


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", r"[^/]+", re.escape(template).replace(r"\{pk\}", r"\d+")))
