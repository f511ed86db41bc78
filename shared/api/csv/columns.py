"""The columns of a type: what each is called, shows and means; all of it from the declaration of the type.

`site` is an attribute. Of a reference it is what the object is called among others, and `rack.site` what else tells it
apart (shared/schema/natural_keys.py); of a list of references each cell has as many values as there are objects.
`cf_colour` is a custom field.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from shared import JsonObject
from shared.api.csv import sheet
from shared.api.resource import Resource
from shared.custom_fields import types as custom_field_types
from shared.custom_fields.column import CustomFieldValues
from shared.custom_fields.input import PREFIX
from shared.query.refusals import said_unknown
from shared.references import naming
from shared.schema import fields, natural_keys
from shared.schema.models import Attribute

# The keys of the objects that faces refer to, by label and id.
Keys = Mapping[tuple[str, int], naming.Key]


class Misread(ValueError):
    """A cell cannot mean anything; why."""


@dataclass(frozen=True)
class Column:
    """A column with its `heading`; `attribute` is None for the id, `path` leads on through a reference.

    `definition` is that of a custom field.
    """

    heading: str
    attribute: Attribute | None = None
    path: str = ""
    definition: Any = None

    def cell(self, face: JsonObject, keys: Keys) -> str:
        """What it shows of an object in its read form."""
        if self.attribute is None:
            return str(face["id"])
        value = face[self.attribute.name]
        if self.definition is not None:
            return text_of((value or {}).get(self.definition.name))
        field = self.attribute.field
        if self.attribute.is_list:
            return sheet.joined([self._named(each, keys) for each in value]) if value else ""
        if self.attribute.is_reference:
            return "" if value is None else self._named(value, keys)
        return text_of(field.labels.get(value, value) if isinstance(field, fields.RawChoice) else value)

    def _named(self, value: Any, keys: Keys) -> str:
        if self.attribute is None:
            raise TypeError("an id refers to nothing")
        return keys[self.attribute.field.target, id_of(value)].get(self.path, "")


def id_of(value: Any) -> int:
    """The id of an object in a face: nested, or bare."""
    pk: int = value["id"] if isinstance(value, dict) else value
    return pk


def text_of(value: Any) -> str:
    """A value of a face that is no reference."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict) and value.keys() == {"value", "label"}:
        return str(value["label"])
    if isinstance(value, list) and not any(isinstance(each, dict) for each in value):
        return sheet.joined([text_of(each) for each in value]) if value else ""
    return orjson.dumps(value).decode() if isinstance(value, (dict, list)) else str(value)


def written(resource: Resource, definitions: list[Any]) -> list[Column]:
    """The columns that a list shows: its id and all that can be written, but for what is not shown and files."""
    found = [Column("id")]
    for attribute in resource.attributes.values():
        if attribute.readable and _settable(attribute):
            found += _of_attribute(resource, attribute, definitions)
    return found


def _of_attribute(resource: Resource, attribute: Attribute, definitions: list[Any]) -> list[Column]:
    if isinstance(attribute.field, CustomFieldValues):
        return [Column(PREFIX + each.name, attribute, definition=each) for each in definitions]
    if attribute.is_reference or attribute.is_list:
        paths = natural_keys.paths(resource.model.model_of(attribute.field.target))
        return [Column(f"{attribute.name}.{path}".rstrip("."), attribute, path) for path in paths]
    return [Column(attribute.name, attribute)]


def _settable(attribute: Attribute) -> bool:
    return not attribute.field.dump_only and "x-file" not in attribute.field.shape


def read(resource: Resource, headings: list[str], definitions: list[Any]) -> list[Column | None]:
    """What each of the `headings` means; None for one of NetBox's that has no place here. Raises SheetError."""
    settable = {name: each for name, each in resource.attributes.items() if _settable(each)}
    custom = next((each for each in settable.values() if isinstance(each.field, CustomFieldValues)), None)
    by_name = {PREFIX + each.name: Column(PREFIX + each.name, custom, definition=each) for each in definitions}
    found: list[Column | None] = []
    for heading in headings:
        meant = resource.csv_headings.get(heading, heading)
        name, _, path = meant.partition(".")
        attribute = settable.get(name)
        if meant == "":
            found.append(None)
        elif meant == "id":
            found.append(Column("id"))
        elif meant in by_name:
            found.append(by_name[meant])
        elif attribute is None or attribute is custom or (path and not (attribute.is_reference or attribute.is_list)):
            known = [*written(resource, definitions), *by_name.values()]
            raise _unknown(heading, [*(each.heading for each in known), *settable, *resource.csv_headings])
        else:
            found.append(Column(meant, attribute, path))
        if found.count(found[-1]) > 1:
            raise sheet.SheetError(1, "There is another column for the same.", heading)
    return found


def _unknown(heading: str, known: Iterable[str]) -> sheet.SheetError:
    return sheet.SheetError(1, said_unknown(heading, "column", known), heading)


def value(attribute: Attribute, cell: str) -> Any:
    """What a cell that is not blank means for an attribute that is no reference. Raises Misread."""
    field = attribute.field
    if isinstance(field, fields.Choice):
        by_label = {label.casefold(): stored for stored, label in field.choices}
        return by_label.get(cell.strip().casefold(), cell.strip())
    if isinstance(field, fields.Boolean):
        return cell.strip().lower()
    kind, items = field.shape.get("type"), field.shape.get("items", {})
    try:
        if kind == "object" or (kind == "array" and items.get("type") == "object"):
            return orjson.loads(cell)
        return sheet.split(cell) if kind == "array" else cell
    except ValueError as error:
        raise Misread(f"This cannot be read: {error}.") from error


def custom_value(definition: Any, cell: str) -> Any:
    """What a cell means for a custom field."""
    if cell == "":
        return None
    if definition.type == custom_field_types.BOOLEAN:
        text = cell.strip()
        return True if text.lower() in fields.Boolean.TRUE else False if text.lower() in fields.Boolean.FALSE else text
    if definition.type == custom_field_types.SELECTION:
        chosen = (pk for pk, choice in definition.choices.items() if choice["value"] == cell)
        return next(chosen, None) or [cell]
    return cell
