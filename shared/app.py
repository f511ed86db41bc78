"""The one Flask factory: a service is its name, its models' base and its resources in URL order."""

import uuid
from contextlib import nullcontext
from threading import BoundedSemaphore

from flask import Flask, g, request
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from werkzeug.middleware.proxy_fix import ProxyFix

from shared import auth, choices, documents, errors, options, replies, search, shapes, tallies, views
from shared.config import settings
from shared.database import Database, was_closed
from shared.references import internal, tables
from shared.references.following import Follower
from shared.silence import give_up_on_silence

_apps: list[Flask] = []


class Service(Flask):
    """A Flask whose clients leave threads and database connections to the services that call it.

    A write may wait for another service, which has to ask this one before it can answer.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._clients = BoundedSemaphore(settings.database_pool + settings.database_pool // 2)

    def ensure_sync(self, func):
        """Views and hooks here are plain functions; to find that out each time takes Flask longer than many of them."""
        return func

    def full_dispatch_request(self):
        with self._clients if request.path.startswith("/api/") else nullcontext():
            return super().full_dispatch_request()

    def dispatch_request(self):
        """Repeat a safe request whose database connection a restart of PostgreSQL had closed."""
        try:
            return super().dispatch_request()
        except DBAPIError as error:
            if request.method not in auth.SAFE or not was_closed(error):
                raise
        return super().dispatch_request()

    def make_default_options_response(self):
        """What OPTIONS answers where no resource does."""
        if not request.path.startswith("/api/"):
            return super().make_default_options_response()
        return options.describe_view()


def create_app(
    base,
    resources: tuple,
    *,
    routes: tuple = (),
    answers: dict | None = None,
    permissions: tuple[str, ...] = (),
    chores: tuple = (),
    before: dict[str, str] | None = None,
) -> Flask:
    """The service of `base`.

    `routes` are (path in the app's root, blueprint) for what is no Resource; `answers` are the questions that other
    services may look up, `{question: answer(connection, ids) → {id: {name: value}}}`; `permissions` are codenames
    beyond those to add, change and delete; `chores` are done again and again in the background;
    `before` says which paths of the app's root come before which others, `{path of a route: path}`.
    """
    app = Service(base.app, static_folder=None)
    app.json.sort_keys = False
    app.url_map.strict_slashes = True
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)
    _connect(app, base)
    app.extensions["patchbay.chores"] = chores
    _number_requests(app)
    auth.install(app, base.app)
    _serve(app, base, resources, routes)
    _serve_root(app, base, resources, routes, before or {})
    app.register_blueprint(internal.blueprint(base, answers or {}, _permissions(base, resources, permissions)))
    app.register_blueprint(search.blueprint(base, resources))
    _serve_health(app, base)
    errors.install(app)  # last, for flask-smorest installs handlers of its own
    _apps.append(app)
    return app


def _permissions(base, resources: tuple, more: tuple[str, ...]) -> list[str]:
    """Every `app.codename` that the service asks for."""
    needed = {each.permission(verb) for each in resources for verb in auth.PERMISSION_OF.values()} - {None}
    return sorted(needed | {f"{base.app}.{name}" for name in more})


def after_fork() -> None:
    """What a worker process starts for itself: its own connections and its follower."""
    give_up_on_silence()
    for app in _apps:
        app.extensions["patchbay.database"].forget_connections()
        app.extensions["patchbay.follower"] = Follower(app)
        app.extensions["patchbay.follower"].start()


def _connect(app: Flask, base) -> None:
    if "reference_claim" not in base.metadata.tables:
        tables.add(base.metadata)
        tallies.add(base.metadata)
    url = settings.database_urls.get("gateway" if base.app == "users" else base.app, "")
    app.extensions["patchbay.app"] = base.app
    app.extensions["patchbay.base"] = base
    app.extensions["patchbay.database"] = Database(url)


def _number_requests(app: Flask) -> None:
    @app.before_request
    def number():
        g.request_id = request.headers.get("X-Request-ID") or uuid.uuid4().hex

    @app.after_request
    def label(reply):
        reply.headers["X-Request-ID"] = g.request_id
        reply.headers["API-Version"] = "2.3"
        return options.allow(reply)


def _serve(app: Flask, base, resources: tuple, routes: tuple) -> None:
    app.config.update(
        API_TITLE=f"Patchbay {base.app}", API_VERSION="2.3", OPENAPI_VERSION="3.0.3", OPENAPI_URL_PREFIX=None
    )
    api = documents.Api(app)
    api.ma_plugin.converter.add_attribute_function(shapes.of_fields(base))
    for resource in resources:
        resource.index()
        api.register_blueprint(views.blueprint(resource))
    for _, blueprint in routes:
        app.register_blueprint(blueprint)
    tables_of_choices = {key: table for resource in resources for key, table in resource.choices.items()}
    app.register_blueprint(choices.blueprint(base.app, tables_of_choices))
    documents.describe_views(api, app)

    @app.get(f"/internal/{base.app}/openapi")
    def openapi():
        return replies.json_reply(api.document())


def _serve_root(app: Flask, base, resources: tuple, routes: tuple, before: dict[str, str]) -> None:
    endpoints = ["_choices", *(resource.path for resource in resources)]
    for path in (path for path, _ in routes if path):
        endpoints.insert(endpoints.index(before[path]) if path in before else len(endpoints), path)

    @app.get(f"/api/{base.app}/")
    def root():
        return replies.json_reply({path: replies.link(f"/api/{base.app}/{path}/") for path in endpoints})


def _serve_health(app: Flask, base) -> None:
    @app.get("/healthz")
    def healthz():
        return replies.json_reply({"service": base.app, "status": "up"})

    @app.get("/readyz")
    def readyz():
        with app.extensions["patchbay.database"].reading() as connection:
            connection.execute(text("SELECT 1 FROM alembic_version"))
        return replies.json_reply({"service": base.app, "status": "ready"})
