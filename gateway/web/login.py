"""Logging in and out."""

import secrets

from flask import Blueprint, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from gateway import sessions
from gateway.users.app import app as accounts
from gateway.users.login import log_in
from gateway.users.sessions import begin, end
from gateway.web.addresses import next_address
from shared.http.errors import ApiError
from shared.security import session_key

pages = Blueprint("login", __name__, url_prefix="/admin")


@pages.get("/login/")
def form() -> str:
    return render_template("login.html", next=_next())


@pages.post("/login/")
def enter() -> ResponseReturnValue:
    sessions.require_csrf(dict(session), "POST", request.form.get("_csrf", ""))
    username = request.form.get("username", "")
    try:
        password, address = request.form.get("password", ""), request.remote_addr or ""
        with accounts.app_context(), log_in(username, password, address) as (transaction, user):
            key = begin(transaction, user.id)
    except ApiError as refusal:
        return render_template("login.html", next=_next(), username=username, error=str(refusal)), refusal.status
    _end()
    session.permanent = True
    session.update(key=key, csrf=secrets.token_urlsafe(24))
    return redirect(_next(), 303)


@pages.post("/logout/")
def leave() -> ResponseReturnValue:
    sessions.require_csrf(dict(session), "POST", request.form.get("_csrf", ""))
    _end()
    reply = redirect("/api/", 303)
    reply.delete_cookie(session_key.COOKIE, request.script_root + session_key.COOKIE_PATH)
    return reply


def _end() -> None:
    """Ends the session on the server, so that a copy of the cookie is useless from now on."""
    if key := session.get("key"):
        with accounts.app_context():
            end(key)
    session.clear()


def _next() -> str:
    return next_address("/admin/")
