"""The `_choices` endpoint: what a client may put where, taken from the fields of the models."""

from flask import Blueprint

from shared import replies, shapes
from shared.documents import operation
from shared.errors import Missing

TABLE = {"type": "array", "items": shapes.labelled({})}


def blueprint(name: str, choices: "dict[str, tuple]") -> Blueprint:
    """`choices` (`"site:status"` → ((value, label), …)) at `/api/<name>/_choices/`."""
    tables = {key: shapes.table(rows) for key, rows in choices.items()}
    made = Blueprint("_choices", __name__, url_prefix=f"/api/{name}/_choices")

    @made.get("/")
    @operation("GET", f"All choices of {name}", {"type": "object", "additionalProperties": TABLE})
    def list_choices():
        return replies.json_reply(tables)

    @made.get("/<key>/")
    @operation("GET", "The choices of one attribute", TABLE)
    def one_choice(key: str):
        if key not in tables:
            raise Missing
        return replies.json_reply(tables[key])

    return made
