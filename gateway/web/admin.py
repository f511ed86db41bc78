"""The administration: where everything that only administrators look after is found, and how the services are."""

from flask import Blueprint, abort, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from gateway import VERSION, sessions
from gateway.web import permissions
from gateway.web.browse import catalogue
from gateway.web.status import audits, feeds, libraries, statuses
from gateway.web.upstream_client import identity

pages = Blueprint("admin", __name__, url_prefix="/admin")
SECTIONS = {
    "Customisation": (
        ("Custom fields", "/api/extras/custom-fields/"),
        ("Graphs", "/api/extras/graphs/"),
        ("Export templates", "/api/extras/export-templates/"),
        ("Topology maps", "/api/extras/topology-maps/"),
        ("Reports", "/api/extras/reports/"),
    ),
    "Accounts": (
        ("Users", "/api/users/users/"),
        ("Groups", "/api/users/groups/"),
        ("Permissions", "/admin/permissions/"),
        ("Tokens", "/api/users/tokens/"),
    ),
    "Secrets": (
        ("Secret roles", "/api/secrets/secret-roles/"),
        ("User keys", "/api/secrets/user-keys/"),
    ),
}


@pages.before_request
def users_only() -> ResponseReturnValue | None:
    if identity("users").anonymous:
        return redirect(f"/admin/login/?next={request.path}", 303)
    return None


@pages.get("/")
def index() -> str:
    served = {
        section: [(name, path) for name, path in links if path.startswith("/admin/") or _is_served(path)]
        for section, links in SECTIONS.items()
    }
    return render_template("admin.html", sections=served)


def _is_served(path: str) -> bool:
    return bool(catalogue().document(path.split("/")[2]))


@pages.get("/permissions/")
def permission_table() -> str:
    return permissions.page()


@pages.route("/status/", methods=["GET", "POST"])
def status() -> str:
    """The state of the services; a POST also has them compare what they keep of each other."""
    findings = None
    if request.method == "POST":
        sessions.require_csrf(dict(session), "POST", request.form.get("_csrf", ""))
        if not identity("users").superuser:
            abort(403)
        findings = audits()
    found = statuses()
    return render_template(
        "status.html",
        statuses=found,
        feeds=feeds(found),
        findings=findings,
        superuser=identity("users").superuser,
        libraries=libraries(),
        version=VERSION,
    )
