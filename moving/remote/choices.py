"""The values of choices: numbers up to v2.6, numbers beside texts in v2.7, texts from v2.8 on."""

import re
from typing import Any

NOT_HERE = object()


def value_of(choices: list[dict[str, Any]], given: Any) -> Any:
    """The value among `choices` (`{value, label}`) that is meant by `given`, or NOT_HERE.

    It is looked for by its value, by the number that v2.7 has as `id`, by its label, and by the text of its value.
    """
    told = given if isinstance(given, dict) else {"value": given}
    by_value = {(type(each["value"]), each["value"]): each["value"] for each in choices}
    for bare in (told.get("value"), told.get("id")):
        if (type(bare), bare) in by_value:
            return bare
    by_sign = {sign(each["label"]): each["value"] for each in choices}
    for text in (told.get("label"), told.get("value"), str(told.get("value")).rsplit(".", 1)[-1]):
        if isinstance(text, str) and sign(text) in by_sign:
            return by_sign[sign(text)]
    return NOT_HERE


def sign(text: str) -> str:
    """A label without what releases changed about it: case, blanks and punctuation."""
    return re.sub(r"[^a-z0-9+]", "", text.lower())
