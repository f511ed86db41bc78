"""The language of templates: Jinja2, in which the templates of NetBox 2.3 (Django's) mostly work as they are.

What the models of NetBox had is there as well: `device.pk`, `device.get_status_display`, `device.cf.floor`,
`address.ip`, `queryset.count`. What is none of an object is nothing, and so is an attribute of nothing.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from ipaddress import ip_interface
from typing import Any

from jinja2 import ChainableUndefined
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared import JsonObject

GLOBALS = ("range", "dict", "namespace")
NAMES = ("display_name", "name", "username", "model", "cid", "prefix", "address")
ADDRESS: dict[str, Callable[[Any], Any]] = {
    "ip": lambda address: str(address.ip),
    "cidr": lambda address: str(address.network),
    "network": lambda address: str(address.network.network_address),
    "broadcast": lambda address: str(address.network.broadcast_address),
    "netmask": lambda address: str(address.netmask),
    "prefixlen": lambda address: address.network.prefixlen,
    "version": lambda address: address.version,
}
LOOP = {"counter": "index", "counter0": "index0", "revcounter": "revindex", "revcounter0": "revindex0"}
DATE = {
    **{letter: f"%{letter}" for letter in "YymdH"},
    **dict(zip("jnMFDlGisA", ("%-d", "%-m", "%b", "%B", "%a", "%A", "%-H", "%M", "%S", "%p"), strict=True)),
}
_IN_TAG = re.compile(
    r"""(?P<text>"[^"]*"|'[^']*')|\|\s*(?P<filter>\w+):(?P<argument>"[^"]*"|'[^']*'|[\w.-]+)|forloop\.(?P<loop>\w+)"""
)
_TAGS = (
    (r"comment\b.*?{%-?\s*endcomment", ""),
    (r"load\b.*?", ""),
    (r"empty", "{% else %}"),
    (r"ifequal\s+(\S+)\s+(\S+)", r"{% if \1 == \2 %}"),
    (r"ifnotequal\s+(\S+)\s+(\S+)", r"{% if \1 != \2 %}"),
    (r"end(?:ifequal|ifnotequal)", "{% endif %}"),
    (r"autoescape\s+on", "{% autoescape true %}"),
    (r"autoescape\s+off", "{% autoescape false %}"),
)


class DjangoSyntax(Extension):
    """Turns what Django writes differently into Jinja2."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        for tag, replacement in _TAGS:
            source = re.sub(r"{%-?\s*" + tag + r"\s*-?%}", replacement, source, flags=re.DOTALL)
        return re.sub(r"{[{%].*?[%}]}", lambda tag: _IN_TAG.sub(_rewritten, tag[0]), source, flags=re.DOTALL)


def _rewritten(found: re.Match[str]) -> str:
    if found["filter"]:
        return f"|{found['filter']}({found['argument']})"
    return f"loop.{LOOP.get(found['loop'], found['loop'])}" if found["loop"] else found["text"]


class Environment(ImmutableSandboxedEnvironment):
    def __init__(self) -> None:
        super().__init__(autoescape=True, extensions=[DjangoSyntax])
        self.globals = {name: self.globals[name] for name in GLOBALS}
        self.filters |= FILTERS

    def getattr(self, obj: Any, attribute: str) -> Any:
        if obj is None:
            return ChainableUndefined(name=attribute)
        if isinstance(obj, str) and attribute in ADDRESS:
            with suppress(ValueError):
                return ADDRESS[attribute](ip_interface(obj))
        return super().getattr(obj, attribute)


class Object(dict[str, Any]):
    """An object of the API, called by its name, with the attributes that its model had in NetBox."""

    def __missing__(self, name: str) -> Any:
        if name == "pk":
            return self["id"]
        if name == "cf":
            fields = self["custom_fields"].items()
            return {field: value["label"] if isinstance(value, DisplayedChoice) else value for field, value in fields}
        if choice := re.fullmatch("get_(.+)_display", name):
            return self[choice[1]]["label"]
        raise KeyError(name)

    def __str__(self) -> str:
        return str(next((self[name] for name in NAMES if self.get(name)), self.get("id")))


class DisplayedChoice(dict[str, Any]):
    """One of a list of choices, which counts as its value."""

    def __str__(self) -> str:
        return str(self["value"])

    def __bool__(self) -> bool:
        return bool(self["value"])

    def __eq__(self, other: object) -> bool:
        return bool(self["value"] == (other["value"] if isinstance(other, DisplayedChoice) else other))

    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none
        return hash(self["value"])


class Objects(list[Any]):
    all = property(lambda self: self)
    count = property(len)
    first = property(lambda self: self[0] if self else None)
    last = property(lambda self: self[-1] if self else None)


def shaped(value: JsonObject) -> JsonObject:
    """What a template gets for an object in JSON."""
    if value.keys() == {"value", "label"}:
        return DisplayedChoice(value)
    return Object({name: Objects(each) if isinstance(each, list) else each for name, each in value.items()})


def date(value: str | None, form: str = "Y-m-d") -> str:
    """A date or moment of the API in the letters that Django has for its parts."""
    moment = datetime.fromisoformat(value) if value else None
    return "".join(moment.strftime(DATE.get(letter, letter)) for letter in form) if moment else ""


def yesno(value: Any, words: object = "yes,no,maybe") -> str:
    yes, no, *other = str(words).split(",")
    return yes if value else (other or [no])[0] if value is None else no


def truncatechars(value: Any, length: int | str) -> str:
    text = str(value)
    return text if len(text) <= int(length) else text[: max(int(length) - 1, 0)] + "…"


def slugify(value: Any) -> str:
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", str(value).lower(), flags=re.ASCII).strip())


FILTERS = {
    "add": lambda value, other: value + type(value)(other),
    "addslashes": lambda value: re.sub(r"""([\\"'])""", r"\\\1", str(value)),
    "capfirst": lambda value: str(value)[:1].upper() + str(value)[1:],
    "cut": lambda value, text: str(value).replace(str(text), ""),
    "date": date,
    "default": lambda value, other="", boolean=True: value or other,
    "default_if_none": lambda value, other="": other if value is None else value,
    "ljust": lambda value, width: str(value).ljust(int(width)),
    "rjust": lambda value, width: str(value).rjust(int(width)),
    "slugify": slugify,
    "truncatechars": truncatechars,
    "yesno": yesno,
}
