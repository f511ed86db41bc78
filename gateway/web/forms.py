"""Forms made of schemas: what a field looks like, and what was filled in as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import FileStorage, MultiDict

from gateway.web import picker, refusals, values
from gateway.web.display import label
from gateway.web.picker import Matches
from gateway.web.upstream_client import Upload
from shared import JsonObject

BLANK_LINES = 2
NO_FILTERS = frozenset(
    {
        *("limit", "offset", "cursor", "start", "export", "format"),
        *("_columns", "q", "ordering", "brief", "fields", "omit", "exclude"),
    }
)


@dataclass
class Input:
    """One field of a form: `kind` is its template; `values` are texts, or rows of `columns`."""

    name: str
    kind: str
    values: list[Any]
    required: bool = False
    help: str = ""
    choices: list[JsonObject] = field(default_factory=list)
    reference: str = ""
    errors: list[str] = field(default_factory=list)
    choosing: Matches = field(default_factory=Matches)
    attributes: JsonObject = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        name = self.name.rsplit(".", 1)[-1].removeprefix("cf_")
        return label(name.removesuffix("_id") if self.reference else name)

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""


class Form:
    """The form of an object: its `inputs`, and the `errors` that belong to none of them.

    `current` is the object that is changed, `filled` what was sent, `custom` the definitions of its custom fields,
    `permissions` the names of all there are, where it has any.
    """

    def __init__(
        self,
        schema: JsonObject,
        current: JsonObject | None = None,
        filled: MultiDict[str, str] | None = None,
        custom: Sequence[JsonObject] = (),
        permissions: Sequence[str] = (),
    ) -> None:
        self._creating, self._filled = current is None, filled
        required = set(schema.get("required", ()))
        self._shapes: dict[str, JsonObject] = {}
        for name, shape in schema.get("properties", {}).items():
            if shape.get("x-custom-fields"):
                self._shapes |= {f"{name}.{each['name']}": custom_shape(each) for each in custom}
                required |= {f"{name}.{each['name']}" for each in custom if each["required"]}
            elif shape.get("x-permissions") and permissions:
                self._shapes[name] = {**shape, "items": {"type": "string", "enum": permissions}}
            elif not shape.get("readOnly"):
                self._shapes[name] = shape
        self.inputs = [
            make_input(name, shape, self._values(name, shape, current), name in required)
            for name, shape in self._shapes.items()
        ]
        self.errors: list[str] = []

    def resolve(self) -> None:
        """Take the objects that typed names mean; what means several is asked back for."""
        if self._filled is None:
            return
        self._filled, unclear = picker.resolve(self.inputs, self._filled)
        for each in self.inputs:
            if each.reference:
                each.values = self._filled.getlist(each.name) + [""] * (BLANK_LINES if each.kind == "references" else 0)
            if each.name in unclear:
                each.choosing = unclear[each.name]
                each.errors.append(refusals.unclear(len(each.choosing.found), each.choosing.more))

    @property
    def unclear(self) -> bool:
        """Whether something was typed that names no single object."""
        return any(each.errors for each in self.inputs)

    @property
    def files(self) -> list[str]:
        """The names of what is sent as a file."""
        return [each.name for each in self.inputs if each.kind == "file"]

    def upload(self, data: JsonObject, files: MultiDict[str, FileStorage]) -> Upload:
        """`data` with the files that were chosen, as a form."""
        chosen = {name: files[name] for name in self.files if files.get(name)}
        return Upload({name: values.text_of(value) for name, value in data.items()} | chosen)

    def _values(self, name: str, shape: JsonObject, current: JsonObject | None) -> list[Any]:
        if shape.get("writeOnly") or _kind(shape) == "file":
            return []
        if self._filled is not None:
            return values.rows(name, self._filled) if _kind(shape) == "rows" else self._filled.getlist(name)
        if current is None:
            return [] if shape.get("default") is None else [values.text_of(shape["default"])]
        value: Any = current
        for part in name.split(".", 1):
            value = (value or {}).get(part)
        if _kind(shape) == "rows":
            return value or []
        many = isinstance(value, list) and values.repeats(shape)
        return [values.text_of(each) for each in (value if many else [value])]

    def data(self) -> JsonObject:
        """What was filled in, as the API takes it; what cannot be read is sent as it is, for the API to refuse."""
        data: JsonObject = {}
        filled = self._filled or MultiDict[str, str]()
        for name, shape in self._shapes.items():
            if _kind(shape) == "rows":
                value = values.read_rows(shape, values.rows(name, filled))
            else:
                texts = filled.getlist(name)  # in which a browser ends lines with CRLF, whatever they had
                value = values.read(shape, [text.strip().replace("\r\n", "\n") for text in texts])
            if value in ("", None, []) and (self._creating or shape.get("writeOnly") or _kind(shape) == "file"):
                continue
            *outer, last = name.split(".", 1)
            (data.setdefault(outer[0], {}) if outer else data)[last] = value
        return data

    def refuse(self, body: Any) -> None:
        """Put the messages of a refusal at their fields."""
        messages = body if isinstance(body, dict) else {"": body}
        by_name = {each.name: each for each in self.inputs}
        for name, found in messages.items():
            if name in by_name:
                by_name[name].errors += refusals.messages(found)
            else:
                self.errors += refusals.sentences({name: found})


def filter_inputs(parameters: list[JsonObject], query: MultiDict[str, str]) -> list[Input]:
    """The fields of a filter form; of the two names of a reference the id, unless the query uses the other."""
    made = []
    for each in parameters:
        name, given = each["name"], [text for text in query.getlist(each["name"]) if text.strip()]
        if name in NO_FILTERS or (each.get("x-key", "id") != "id" and not given):
            continue
        shape = {**each["schema"].get("items", each["schema"]), **each}
        if each.get("x-kind") == "boolean":
            shape["x-choices"] = [{"value": "true", "label": "Yes"}, {"value": "false", "label": "No"}]
        made += [make_input(name, {**shape, "type": "filter"}, [text], False) for text in given or [""]]
    return made


def make_input(name: str, shape: JsonObject, values: list[str], required: bool) -> Input:
    made = Input(name, _kind(shape), values, required, shape.get("description", ""))
    made.choices = shape.get("x-choices", [])
    made.reference = shape.get("x-reference", "") if shape.get("x-key", "id") == "id" else ""
    limits = {"maxLength": "maxlength", "minimum": "min", "maximum": "max"}
    made.attributes = {html: shape[name] for name, html in limits.items() if name in shape}
    if made.kind == "references":
        made.values = [*(text for text in values if text), *[""] * BLANK_LINES]
    if made.kind == "rows":
        made.columns = list(shape["items"]["properties"])
        made.values = [*values, *[{} for _ in range(BLANK_LINES)]]
    if made.kind in ("checks", "permissions"):
        made.choices = [{"value": value, "label": value} for value in shape["items"]["enum"]]
    if made.kind == "lines":
        made.values = ["\n".join(values)]
    if made.reference or made.kind == "permissions" or shape.get("type") == "filter":
        made.help = ""
    elif made.kind not in ("select", "checkbox", "number") and isinstance(shape.get("example"), str):
        made.attributes["placeholder"] = shape["example"]
    return made


def custom_filters(definitions: list[JsonObject]) -> list[JsonObject]:
    """The parameters that narrow a list by those custom fields that may."""
    found: list[JsonObject] = []
    for each in definitions:
        shape = custom_shape(each)
        if each["filter_logic"]["label"] != "Disabled":
            found.append({"name": f"cf_{each['name']}", "schema": {}, "x-choices": shape.get("x-choices")})
    return [{name: value for name, value in each.items() if value is not None} for each in found]


def custom_shape(definition: JsonObject) -> JsonObject:
    """The shape of the values of a custom field."""
    kind = definition["type"]["label"].lower() if definition["type"] else "text"
    shape = {"nullable": True, "description": definition["description"], "default": definition["default"] or None}
    if definition["choices"]:
        choices = [{"value": each["id"], "label": each["value"]} for each in definition["choices"]]
    elif "boolean" in kind:
        choices = [{"value": True, "label": "Yes"}, {"value": False, "label": "No"}]
    else:
        formats = {"date": "date", "url": "uri"}
        return {**shape, "type": "integer" if kind == "integer" else "string", "format": formats.get(kind, "text")}
    return {**shape, "x-choices": choices, "enum": [each["value"] for each in choices], "type": "string"}


def _kind(shape: JsonObject) -> str:
    if shape.get("x-reference") and shape.get("x-key", "id") == "id":
        return "references" if values.repeats(shape) else "reference"
    if "x-choices" in shape:
        return "select"
    if shape.get("writeOnly"):
        return "password"
    if values.repeats(shape):
        items = shape.get("items", {})
        if "enum" in items:
            return "permissions" if shape.get("x-permissions") else "checks"
        return "rows" if items.get("type") == "object" else "lines"
    formats = {"date": "date", "email": "email", "uri": "url", "binary": "file"}
    kind = {"integer": "number", "boolean": "checkbox", "filter": "text", "string": "text"}.get(
        shape.get("type", ""), "json"
    )
    if kind == "text" and shape.get("type") == "string":
        written = str(shape.get("format", shape.get("x-format", "")))
        return formats.get(written, "text" if written or "maxLength" in shape else "textarea")
    return kind
