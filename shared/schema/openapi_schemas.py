"""Fields as JSON schema for the OpenAPI document, with extensions that forms need.

Extensions: `x-choices` are the values with their labels, `x-blank` is what stands for none of them, `x-reference` is
the list that a referred id is chosen from, `x-format` the format of a text that may be blank, `x-file` marks the
address of a file that a form sends, `x-custom-fields` what has the custom fields of its type.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from marshmallow import fields as ma

from shared import JsonObject
from shared.schema import fields, text_fields

if TYPE_CHECKING:
    from shared.schema.models import Record

BLANK = {"type": "string", "maxLength": 0}
NULL = {"type": "object", "nullable": True, "enum": [None]}

_EXAMPLES = (
    (text_fields.Slug, {"pattern": "^[-a-zA-Z0-9_]+$", "example": "example-1"}),
    (text_fields.Color, {"pattern": "^[0-9a-f]{6}$", "example": "607d8b", "x-color": True}),
    (text_fields.URL, {"format": "uri", "example": "https://example.net/"}),
    (text_fields.Email, {"format": "email", "example": "noc@example.net"}),
    (text_fields.TimeZone, {"example": "Europe/Amsterdam", "description": "A name of the tz database."}),
)
_PLAIN = (
    (fields.DateTime, {"type": "string", "format": "date-time", "example": "2026-01-31T12:00:00.000000Z"}),
    (fields.Date, {"type": "string", "format": "date", "example": "2026-01-31"}),
    (fields.Boolean, {"type": "boolean"}),
)
_TYPES = {bool: "boolean", int: "integer", str: "string"}


def of_fields(base: "type[Record]") -> Callable[..., JsonObject]:
    """The hook of apispec that gives the shapes of our fields in the service of `base`."""

    def shape(converter: Any, field: fields.Field, ret: JsonObject) -> JsonObject:
        if isinstance(field, (fields.Reference, fields.References)):
            return _reference(base, field)
        if "anyOf" in ret:  # a nested object, or null, which apispec writes as one that may have any attributes
            return {"anyOf": [ret["anyOf"][1], NULL]}
        return of_field(field)

    return shape


def of_field(field: ma.Field[Any]) -> JsonObject:
    """The shape of a field that is no reference; `{}` for what may be anything."""
    if isinstance(field, fields.Text):
        return _text(field) | field.shape
    if isinstance(field, fields.Choice):
        return field.shape or _choice(field)
    if isinstance(field, fields.Integer):
        return _integer(field)
    return next((shape for kind, shape in _PLAIN if isinstance(field, kind)), getattr(field, "shape", {}))


def example(field: ma.Field[Any]) -> object:
    """A value that the field may take."""
    if isinstance(field, fields.References):
        return [1]
    if isinstance(field, fields.Reference):
        return 1
    shape = of_field(field)
    if "enum" in shape:
        return shape["enum"][0]
    usual: JsonObject = {"integer": shape.get("minimum") or 1, "boolean": True, "object": {}, "string": "Example"}
    return shape.get("example", usual.get(shape.get("type", "")))


def of_read_choice(choice: fields.Choice) -> JsonObject:
    """A choice as it is read: its value with its label, or the bare value."""
    if isinstance(choice, fields.RawChoice):
        return _choice(choice)
    nullable = choice.allow_none or choice.blank or "x-blank" in choice.shape
    return {**labelled(_values(choice, [])), "nullable": nullable}


def labelled(value: JsonObject) -> JsonObject:
    """A choice with its label, whose values are of the shape `value`."""
    properties = {"value": value, "label": {"type": "string"}}
    return {"type": "object", "required": list(properties), "properties": properties}


def texts(*names: str) -> JsonObject:
    """An object whose attributes are all texts."""
    return {"type": "object", "required": list(names), "properties": {name: {"type": "string"} for name in names}}


def query(name: str, description: str, kind: str = "integer", **more: Any) -> JsonObject:
    """A parameter in the query of something that is no list of a resource."""
    return {"in": "query", "name": name, "schema": {"type": kind}, "description": description, **more}


def path_of(model: "type[Record]") -> str:
    """The list of the objects of `model`; empty when it has none."""
    return model.list_path() if model.path else ""


def _text(field: fields.Text) -> JsonObject:
    shape: JsonObject = {"type": "string"}
    if field.max_length:
        shape["maxLength"] = field.max_length
    if not field.blank and not field.dump_only:
        shape["minLength"] = 1
    shape |= next((dict(extra) for kind, extra in _EXAMPLES if isinstance(field, kind)), {})
    return _or_blank(shape) if field.blank and not field.allow_none else shape


def _or_blank(shape: JsonObject) -> JsonObject:
    """The schema of a text that may be blank: a blank has no pattern or format, but forms still need to know these."""
    rules: JsonObject = {name: shape.pop(name) for name in ("format", "pattern") if name in shape}
    if not rules:
        return shape
    told = {"x-format": rules["format"]} if "format" in rules else {}
    return shape | {"anyOf": [{"type": "string", **rules}, BLANK], **told}


def _integer(field: fields.Integer) -> JsonObject:
    limits = {"minimum": field.minimum, "maximum": field.maximum}
    return {"type": "integer", **{name: limit for name, limit in limits.items() if limit is not None}}


def _choice(choice: fields.Choice) -> JsonObject:
    """The bare value of a choice, which may be null or blank."""
    return _values(choice, [""] * choice.blank + [None] * choice.allow_none)


def _values(choice: fields.Choice, others: list[Any]) -> JsonObject:
    types = {_TYPES[type(value)] for value in choice.labels}
    shape = {"enum": [*choice.labels, *others], "x-choices": table(choice.choices)}
    return {"type": types.pop(), **shape} if len(types) == 1 else shape


def table(choices: Iterable[tuple[Any, str]]) -> list[JsonObject]:
    """A table of choices as JSON."""
    return [{"value": value, "label": label} for value, label in choices]


def _reference(base: "type[Record]", field: fields.Field) -> JsonObject:
    target = base.model_of(field.target)
    told = {"x-reference": path_of(target)}
    if isinstance(field, fields.References):
        item = {"type": "integer"}
        said = f"The ids of {target.verbose_name}s, or attributes in their place, as for a reference to one."
        return {"type": "array", "items": item, "description": said, **told}
    example = f'{{"{target.key}": …}}' if target.key in target.attributes else '{"id": …}'
    said = f"The id of a {target.verbose_name}, its nested object as GET shows it, or what it alone has: `{example}`."
    return {"type": "integer", "description": said, "example": 1, **told}
