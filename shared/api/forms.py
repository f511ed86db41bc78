"""Forms, as NetBox 2.3 understands what they cannot say: null, false, a list of one."""

from flask import request

from shared import JsonObject
from shared.schema import fields
from shared.schema.models import Attribute


def understood(attributes: dict[str, Attribute], sent: JsonObject, partial: bool) -> JsonObject:
    """What the form `sent` says of an object with these `attributes`: a checkbox that is not ticked is false, in a
    change too small to say so (`partial`) it is left as it is; a blank is null, or nothing, where it is no value of
    its own.
    """
    said = dict(sent)
    for name, field in ((name, each.field) for name, each in attributes.items() if not each.field.dump_only):
        if name not in sent:
            if isinstance(field, fields.Boolean) and not partial:
                said[name] = False
        elif field.repeats:
            said[name] = request.form.getlist(name)
        elif sent[name] == "" and not getattr(field, "blank", False):
            said[name] = None
            if not field.allow_none and not field.required:
                del said[name]
    return said
