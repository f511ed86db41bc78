"""What a refused request says, as sentences and links for people."""

from typing import Any

from gateway.web import display

PLAIN = ("", "detail", "non_field_errors")
DEEDS = {"DELETE": "Not deleted", "GET": "Not to be had"}


def heading(method: str) -> str:
    """What did not happen."""
    return DEEDS.get(method, "Not saved")


def messages(found: Any) -> list[str]:
    """The messages about one field; those about an element of a list name its place."""
    if isinstance(found, dict):
        return [f"item {_place(key)}: {text}" for key, each in found.items() for text in messages(each)]
    return [text for each in found for text in messages(each)] if isinstance(found, list) else [str(found)]


def sentences(body: Any) -> list[str]:
    """All that the JSON `body` of an error says; of a bulk request, object by object."""
    if isinstance(body, list):
        return [f"Object {place}: {said}" for place, each in enumerate(body, 1) for said in sentences(each)]
    if not isinstance(body, dict):
        return [] if body is None else [str(body)]
    told = {name: messages(found) for name, found in body.items() if name != "dependents"}
    return [
        text if name in PLAIN else f"{display.label(name)}: {text}" for name, texts in told.items() for text in texts
    ]


def dependents(body: Any) -> list[tuple[str, str]]:
    """(address, name) of what still refers to an object that was to be deleted."""
    found = body.get("dependents", []) if isinstance(body, dict) else []
    return [(each["url"], f"{display.label(each['type'].split('.')[-1])} {each['name']}") for each in found]


def _place(key: str) -> str:
    return str(int(key) + 1) if key.isdigit() else key
