"""The drawing of a topology map, by graphviz, of what dcim and circuits answer.

Both are expensive for a single GET of an anonymous caller, so one map is drawn at a time.
"""

import shutil
import subprocess
from typing import Any

from flask import Response, request
from sqlalchemy import Row, select

from shared import JsonObject
from shared.api.resource import Resource
from shared.db.database import database
from shared.http import budget
from shared.http.errors import BadRequest, NotFound, ServiceUnavailable
from shared.http.responses import base_url
from shared.references import client
from shared.schema import openapi_schemas

SECONDS = 5
MOST_TIERS, MOST_PATTERNS, LONGEST_PATTERN = 20, 100, 1000
FORMATS = {"png": "image/png", "svg": "image/svg+xml"}
DARKEST_WITH_BLACK = 186
IMAGE = openapi_schemas.query("image", "`svg` for an SVG rather than a PNG.", "string")

_turns = budget.Turns(1)


def render(resource: Resource, pk: int) -> Response:
    """The map as a picture: PNG, or SVG with `?image=svg`."""
    model = resource.model
    with database().reading() as connection:
        found = connection.execute(select(model.__table__).where(model.id == pk)).one_or_none()
    if found is None:
        raise NotFound
    kind = _format()
    lines = tiers(found.device_patterns)
    if why := too_much(lines):
        raise BadRequest({"device_patterns": [why]})
    with _turns.turn():
        picture = draw(source(lines, *_facts(found)), kind)
    headers = {
        "Content-Disposition": f'inline; filename="{found.slug}.{kind}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    }
    return Response(picture, content_type=FORMATS[kind], headers=headers)


def _format() -> str:
    """`?image=svg`; `format` is what the API's own representations are chosen by."""
    asked = request.args.get("image", "png")
    if asked not in FORMATS:
        raise BadRequest({"image": [f"Must be one of {', '.join(FORMATS)}."]})
    return asked


def tiers(patterns: str) -> list[list[str]]:
    """The regular expressions of each line; a line is a tier."""
    return [[word for part in line.split(";") if (word := part.strip())] for line in patterns.splitlines()]


def too_much(lines: list[list[str]]) -> str:
    """A sentence that says which limit a map exceeds; empty if it exceeds none."""
    patterns = [each for line in lines for each in line]
    if len(lines) > MOST_TIERS or len(patterns) > MOST_PATTERNS:
        return f"A map has at most {MOST_TIERS} lines, and {MOST_PATTERNS} patterns on them."
    if any(len(each) > LONGEST_PATTERN for each in patterns):
        return f"A pattern has at most {LONGEST_PATTERN} characters."
    return ""


def _facts(found: Row[*tuple[Any, ...]]) -> tuple[list[JsonObject], list[JsonObject]]:
    """The devices, each with its tier, and the edges between them. Raises BadRequest or ServiceUnavailable."""
    dcim = _ask("dcim", {"site": found.site_id, "tiers": tiers(found.device_patterns)})
    if "error" in dcim:
        raise BadRequest({"device_patterns": [dcim["error"]]})
    circuits = _ask("circuits", {"devices": [device["id"] for device in dcim["devices"]]})
    return dcim["devices"], dcim["edges"] + circuits["edges"]


def _ask(service: str, about: JsonObject) -> JsonObject:
    question = {"question": "topology", "ids": [about], "base_url": base_url()}
    try:
        return client.call(service, "lookups", question)["0"]
    except client.ServiceDown as down:
        raise ServiceUnavailable(str(down)) from down


def source(lines: list[list[str]], devices: list[JsonObject], edges: list[JsonObject]) -> str:
    """The drawing in graphviz' language."""
    nodes = [
        f'n{device["id"]} [label={_quoted(device["name"])}, fillcolor="#{device["color"]}",'
        f' fontcolor="{_ink(device["color"])}"];'
        for device in devices
    ]
    ranks = [
        "{rank=same; " + " ".join(f"n{device['id']};" for device in devices if device["tier"] == number) + "}"
        for number in range(len(lines))
    ]
    lines_drawn = [f"n{edge['a']} -- n{edge['b']} [style={edge['style']}, color={edge['color']}];" for edge in edges]
    below = [f"t{number} -- t{number + 1} [style=invis];" for number in range(len(lines) - 1)]
    anchors = [f"t{number} [style=invis, shape=point];" for number in range(len(lines))]
    head = "graph topology { ranksep=1; node [shape=box, style=filled, fontname=sans];"
    return "\n".join([head, *anchors, *below, *nodes, *ranks, *lines_drawn, "}"])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _ink(color: str) -> str:
    """Black or white, whichever can be read on `color`."""
    red, green, blue = (int(color[start : start + 2], 16) for start in (0, 2, 4))
    return "black" if red * 0.299 + green * 0.587 + blue * 0.114 > DARKEST_WITH_BLACK else "white"


def draw(text: str, kind: str) -> bytes:
    """The picture that graphviz makes. Raises ServiceUnavailable where it is not installed or takes too long."""
    if not (program := shutil.which("dot")):
        raise ServiceUnavailable("Graphviz is not installed here: there is no program dot.")
    try:
        done = subprocess.run(
            [program, f"-T{kind}"], input=text.encode(), capture_output=True, timeout=budget.left(SECONDS)
        )
    except subprocess.TimeoutExpired:
        raise ServiceUnavailable("The map is too large to be drawn.") from None
    if done.returncode:
        raise ServiceUnavailable("Graphviz could not draw this map.")
    return done.stdout
