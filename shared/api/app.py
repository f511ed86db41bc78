"""The one Flask factory: a service is its name, its models' base and its resources in URL order."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import chain
from time import perf_counter
from typing import Any

from flask import Blueprint, Flask, Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from werkzeug.middleware.proxy_fix import ProxyFix

from shared.api import (
    autocomplete,
    choices,
    declarations,
    health,
    indexes,
    options,
    related,
    search,
    totals,
    utilization,
    views,
)
from shared.api.csv import writing as csv_writing
from shared.api.openapi_document import Document
from shared.api.resource import Resource
from shared.api.reverting import routes as reverting
from shared.config import settings
from shared.db import row_counts
from shared.db.database import Database, may_be_repeated
from shared.db.hang_detection import detect_hangs
from shared.http import budget, errors, request_body, responses
from shared.http.budget import Turns
from shared.references import gauges as reference_gauges
from shared.references import history, internal_api, past, tables
from shared.references.following import Follower
from shared.references.lookups import Answer
from shared.schema.contracts import SERVED_ELSEWHERE
from shared.schema.models import Record
from shared.security import authorization
from shared.telemetry import logs, metrics, tracing
from shared.telemetry.origin import arrived, origin, working_for

# What is served at a path of the app's root and is no resource: the path, and its blueprint.
Route = tuple[str, Blueprint]

_apps: list[Flask] = []


class ServiceApp(Flask):
    """A Flask application that keeps some threads and database connections free for calls from other services.

    A write may wait for another service, which has to ask this one before it can answer.
    """

    request_class = request_body.StrictRequest

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clients = Turns(settings.database_pool + settings.database_pool // 2)
        self.extensions["patchbay.turns"] = self._clients

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Every view and hook here is a plain function: Flask need not look for coroutines, which would take longer."""
        return func

    def full_dispatch_request(self) -> Response:
        seconds = budget.said(request.headers.get(budget.HEADER), settings.read_seconds)
        with (
            working_for(arrived(request.headers.get)),
            tracing.span(self.name, request.method, tracing.SpanKind.SERVER) as span,
            budget.limited(seconds, request.environ.get("gunicorn.socket")),
        ):
            started = perf_counter()
            reply = super().full_dispatch_request()
            self._note(reply, perf_counter() - started, span)
            return reply

    def _note(self, reply: Response, seconds: float, span: tracing.NoSpan) -> None:
        """Tell of a request that was answered."""
        method, status = request.method, reply.status_code
        route = request.url_rule.rule if request.url_rule else "none"
        metrics.observe(self.name, method, route, status, seconds)
        logs.access(method, request.path, status, seconds, route=route)
        tracing.answered(span, metrics.method_label(method), route, status)

    def dispatch_request(self) -> ResponseReturnValue:
        with self._clients.turn() if request.path.startswith("/api/") else nullcontext():
            return self._dispatch()

    def _dispatch(self) -> ResponseReturnValue:
        """Repeat a safe request whose database connection a restart of PostgreSQL closed, or whose replica failed."""
        try:
            return super().dispatch_request()
        except DBAPIError as error:
            if request.method not in authorization.SAFE or not may_be_repeated(error):
                raise
        return super().dispatch_request()

    def make_default_options_response(self) -> Response:
        """What OPTIONS answers where no resource does."""
        if not request.path.startswith("/api/"):
            return super().make_default_options_response()
        return options.describe_view()


def create_app(
    base: type[Record],
    resources: Sequence[Resource],
    *,
    routes: Sequence[Route] = (),
    internal_queries: Mapping[str, Answer] | None = None,
    permissions: tuple[str, ...] = (),
    background_tasks: Sequence[Callable[[], None]] = (),
    before: dict[str, str] | None = None,
    gauges: Sequence[health.Gauges] = (),
) -> Flask:
    """The service of `base`.

    `routes` are (path in the app's root, blueprint) for what is no Resource; `internal_queries` are what other
    services may look up, `{name: query(connection, ids) → {id: {name: value}}}`; `permissions` are codenames
    beyond those to add, change and delete; `background_tasks` are done again and again in the background;
    `before` says which paths of the app's root come before which others, `{path of a route: path}`; `gauges` add to
    what `/metrics` tells.
    """
    app = ServiceApp(base.app, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the default provider
    app.url_map.strict_slashes = True
    # The gateway has limited what clients send.
    app.config["MAX_CONTENT_LENGTH"] = settings.max_internal_body_bytes
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)  # type: ignore[method-assign]  # Flask's way
    _connect(app, base)
    app.extensions["patchbay.background_tasks"] = background_tasks
    app.extensions["patchbay.invariants"] = [each for resource in resources for each in resource.invariants]
    _label_replies(app)
    authorization.install(app, base.app)
    _refuse_csv(app)
    _serve(app, base, resources, routes)
    _serve_root(app, base, resources, routes, before or {})
    app.register_blueprint(
        internal_api.blueprint(base, internal_queries or {}, _permissions(base, resources, permissions))
    )
    for found in (search, autocomplete, related, totals, utilization, reverting):
        app.register_blueprint(found.blueprint(base, resources))
    health.serve(app, base.app, (partial(reference_gauges.gauges, base=base), *gauges))
    errors.install(app)
    _apps.append(app)
    return app


def _permissions(base: type[Record], resources: Sequence[Resource], more: tuple[str, ...]) -> list[str]:
    """Every `app.codename` that the service asks for."""
    asked = {each.permission(verb) for each in resources for verb in authorization.PERMISSION_OF.values()}
    return sorted({name for name in asked if name} | {f"{base.app}.{name}" for name in more})


def after_fork() -> None:
    """What a worker process starts for itself: its own connections and its follower."""
    detect_hangs()
    tracing.after_fork({settings.process, *(app.name for app in _apps)})
    for app in _apps:
        app.extensions["patchbay.database"].forget_connections()
        app.extensions["patchbay.follower"] = Follower(app)
        app.extensions["patchbay.follower"].start()


def _connect(app: Flask, base: type[Record]) -> None:
    if "reference_claim" not in base.metadata.tables:
        tables.add(base.metadata)
        row_counts.add(base.metadata)
    url = settings.database_urls.get(base.app, "")
    app.extensions["patchbay.app"] = base.app
    app.extensions["patchbay.base"] = base
    app.extensions["patchbay.past"] = past.Past()
    app.extensions["patchbay.database"] = Database(
        url,
        guard=history.opening,
        on_disconnect=app.extensions["patchbay.past"].doubt,
        app=base.app,
        replica_url=settings.replica_urls.get(base.app, ""),
    )


def _label_replies(app: Flask) -> None:
    @app.after_request
    def label(reply: Response) -> Response:
        reply.headers["X-Request-ID"] = origin().request_id
        reply.headers["API-Version"] = "2.3"
        return options.allow(reply)


def _refuse_csv(app: Flask) -> None:
    @app.before_request
    def refuse() -> None:
        """Only lists are to be had as CSV."""
        if csv_writing.is_asked_for() and not str(request.endpoint).endswith(".list_objects"):
            raise errors.NotFound


def _serve(app: Flask, base: type[Record], resources: Sequence[Resource], routes: Sequence[Route]) -> None:
    for resource in resources:
        declarations.check(resource)
    for resource in resources:
        indexes.index(resource)
        app.register_blueprint(views.blueprint(resource))
    for _, blueprint in routes:
        app.register_blueprint(blueprint)
    tables_of_choices = {key: table for resource in resources for key, table in resource.choices.items()}
    app.register_blueprint(choices.blueprint(base.app, tables_of_choices))
    documented = Document(app, base, lambda: chain.from_iterable(map(views.operations, resources)))

    @app.get(f"/internal/{base.app}/openapi")
    def document() -> Response:
        return responses.json_response(documented.read())


def _serve_root(
    app: Flask, base: type[Record], resources: Sequence[Resource], routes: Sequence[Route], before: dict[str, str]
) -> None:
    """The addresses of everything in this part of the API, what another service serves of it last."""
    own, elsewhere = f"/api/{base.app}/", [path for path in SERVED_ELSEWHERE if path.startswith(f"/api/{base.app}/")]
    endpoints = ["_choices", *(resource.path for resource in resources if resource.app == base.app)]
    endpoints += [path.removeprefix(own).rstrip("/") for path in elsewhere]
    for path in (path for path, _ in routes if path):
        endpoints.insert(endpoints.index(before[path]) if path in before else len(endpoints), path)

    @app.get(f"/api/{base.app}/")
    def root() -> Response:
        return responses.json_response({path: responses.link(f"/api/{base.app}/{path}/") for path in endpoints})
