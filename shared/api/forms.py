"""HTML forms, read as NetBox 2.3 reads them: a form cannot express null, false or a list of one."""

from typing import Any

from flask import request

from shared import JsonObject
from shared.http import request_body
from shared.schema import fields
from shared.schema.models import Attribute

NOT_THERE = (fields.Boolean, fields.References)


def read(attributes: dict[str, Attribute], sent: Any, partial: bool) -> Any:
    """What was sent for an object with these `attributes`; a form is translated, JSON is taken as it is."""
    return understood(attributes, sent, partial) if request_body.is_form() and isinstance(sent, dict) else sent


def understood(attributes: dict[str, Attribute], sent: JsonObject, partial: bool) -> JsonObject:
    """The values that the form `sent` stands for, for an object with these `attributes`.

    A missing checkbox is false and a missing list of references is empty, unless the change is `partial` (PATCH):
    then both keep their values. A blank is null, or left out, where the field has no blank value of its own.
    """
    said = dict(sent)
    for name, field in ((name, each.field) for name, each in attributes.items() if not each.field.dump_only):
        if name not in sent:
            if isinstance(field, NOT_THERE) and not partial:
                said[name] = False if isinstance(field, fields.Boolean) else []
        elif isinstance(field, fields.References):
            said[name] = [text for text in request.form.getlist(name) if text]
        elif field.repeats:
            said[name] = request.form.getlist(name)
        elif sent[name] == "" and not getattr(field, "blank", False):
            said[name] = None
            if not field.allow_none and not field.required:
                del said[name]
    return said
