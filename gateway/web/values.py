"""What was typed into inputs as values of JSON, and such values as texts; shapes are those of schemas."""

import fnmatch
import re
from typing import Any

import orjson
from werkzeug.datastructures import MultiDict

from gateway.web.display import title
from shared import JsonObject

_ID_AT_END = re.compile(r".*#(\d+)\s*", re.DOTALL)


def reference_id(text: str) -> str:
    """The id in `Amsterdam #12`; the text itself when it names none."""
    found = _ID_AT_END.fullmatch(text)
    return found[1] if found else text


def repeats(shape: JsonObject) -> bool:
    return shape.get("type") == "array"


def read(shape: JsonObject, texts: list[str]) -> Any:
    """The value of an input; what cannot be read stays a text, for the API to refuse."""
    if shape.get("x-permissions"):
        texts = _expanded(texts, shape["items"].get("enum", ()))
    if repeats(shape):
        texts = [line.strip() for text in texts for line in text.splitlines()]
        return [_read_one(shape.get("items", {}), text, bool(shape.get("x-reference"))) for text in texts if text]
    if shape.get("type") == "boolean":
        return bool(texts) and texts[-1] not in ("", "false")
    text = texts[-1] if texts else ""
    if not text:
        return shape.get("x-blank", None if shape.get("nullable") else "")
    return _read_one(shape, text, bool(shape.get("x-reference")))


def _read_one(shape: JsonObject, text: str, is_reference: bool) -> Any:
    if is_reference:
        return _number(reference_id(text))
    if "enum" in shape and "x-choices" in shape:
        return next((value for value in shape["enum"] if text_of(value) == text), text)
    if shape.get("type") == "integer":
        return _number(text)
    return text if shape.get("type") == "string" else from_json(text, text)


def _expanded(chosen: list[str], names: list[str]) -> list[str]:
    """`chosen` with what its patterns (`dcim.add_*`) stand for."""
    return [name for each in chosen for name in (fnmatch.filter(names, each) if each.endswith("*") else [each])]


def _number(text: str) -> int | str:
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else text


def from_json(text: str, otherwise: Any) -> Any:
    """What `text` is as JSON, or `otherwise`."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return otherwise


def text_of(value: Any) -> str:
    """A value of the read face as the text of an input."""
    if value is None:
        return ""
    if isinstance(value, dict) and "id" in value:
        return f"{title(value)} #{value['id']}"
    if isinstance(value, dict) and value.keys() == {"value", "label"}:
        return text_of(value["value"])
    if isinstance(value, bool):
        return "true" if value else "false"
    return orjson.dumps(value).decode() if isinstance(value, (dict, list)) else str(value)


def rows(name: str, filled: MultiDict[str, str]) -> list[JsonObject]:
    """The rows of an input of many, as texts: `choices-0-value` and so on."""
    found: dict[int, JsonObject] = {}
    for key, text in filled.items():
        if parts := re.fullmatch(rf"{re.escape(name)}-(\d{{1,4}})-(\w+)", key):
            found.setdefault(int(parts[1]), {})[parts[2]] = text.strip()
    return [found[place] for place in sorted(found)]


def read_rows(shape: JsonObject, rows: list[JsonObject]) -> list[JsonObject]:
    """The values of `rows`; emptying one takes it away."""
    there = [row for row in rows if any(text for name, text in row.items() if name not in ("id", "weight"))]
    shapes = shape["items"]["properties"]
    return [{name: _read_one(shapes.get(name, {}), text, False) for name, text in row.items() if text} for row in there]
