"""In which time zone a reader sees moments: the one that he chose, kept in a cookie, else that of the installation."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, flash, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from gateway import sessions
from gateway.web.addresses import next_address
from gateway.web.visitor import Visitor
from shared.config import settings
from shared.http.context import of_request
from shared.schema.text_fields import time_zones

COOKIE = "patchbay_time_zone"
YEAR = 365 * 24 * 60 * 60
_TIME = Markup('<time datetime="{}">{}</time>')

pages = Blueprint("time_zones", __name__)


@pages.get("/time-zone/")
def form() -> str:
    told = {"zones": sorted(time_zones()), "default": settings.time_zone, "next": next_address("/")}
    return render_template("time_zone.html", **told)


@pages.post("/time-zone/")
def choose() -> ResponseReturnValue:
    """Keep the zone that was chosen; anything else, a blank included, means that of the installation."""
    sessions.require_csrf(dict(session), "POST", request.form.get("_csrf", ""))
    wanted, reply, path = request.form.get("zone", ""), redirect(next_address("/"), 303), request.script_root or "/"
    if wanted in time_zones():
        secure = sessions.SESSIONS.get_cookie_secure(current_app)
        reply.set_cookie(COOKIE, wanted, YEAR, path=path, secure=secure, httponly=True, samesite="Lax")
    else:
        reply.delete_cookie(COOKIE, path)
    flash(f"Times are shown in {wanted if wanted in time_zones() else settings.time_zone}.")
    return reply


def current() -> ZoneInfo:
    """The zone of whoever reads this page."""
    visitor = of_request(Visitor)
    if visitor.zone is None:
        chosen = request.cookies.get(COOKIE, "")
        visitor.zone = ZoneInfo(chosen if chosen in time_zones() else settings.time_zone)
    return visitor.zone


def moment(text: str) -> Markup:
    """A time of the API without its fractions, in the reader's zone, which is named: "2026-01-31 13:00:00 CET"."""
    return _TIME.format(text, datetime.fromisoformat(text).astimezone(current()).strftime("%Y-%m-%d %H:%M:%S %Z"))
