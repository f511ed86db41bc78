"""How values are put for people: titles of objects, labels of names, JSON with links."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import orjson
from flask import request
from markupsafe import Markup, escape

from shared import JsonObject

UPPER = {
    *("a", "b", "api", "asn", "cid", "dcim", "id", "ip", "ipam", "json", "lag", "mac", "mtu", "nat", "os", "pdu"),
    *("rd", "rir", "rpc", "rsa", "url", "vc", "vcpus", "vid", "vlan", "vm", "vrf"),
}
SPELLED = {
    "ip4": "IPv4",
    "ip6": "IPv6",
    "ips": "IPs",
    "ipaddresses": "IP addresses",
    "vrfs": "VRFs",
    "rirs": "RIRs",
    "mgmt": "management",
    "obj": "object",
    "repr": "name",
    "reportresult": "report result",
    "useraction": "user action",
    "vlans": "VLANs",
    "napalm": "NAPALM",
}
_TITLES = (
    "display_name",
    "name",
    "address",
    "prefix",
    "cid",
    "username",
    "label",
    "rd",
    "model",
    "slug",
    "description",
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_LINKED = re.compile(r'([^<]*)<a href="(/api/[\w/-]+)">([^<]*)</a>([^<]*)')


def label(name: str) -> str:
    """`region_id` as "Region ID"."""
    words = name.replace("_", " ").replace("-", " ").split()
    shown = [word.upper() if word in UPPER else SPELLED.get(word, word) for word in words]
    return " ".join([shown[0][0].upper() + shown[0][1:], *shown[1:]]) if shown else ""


def title(thing: Any) -> str:
    """What an object is called: its first name-like value, or its id."""
    if not isinstance(thing, dict):
        return "" if thing is None else str(thing)
    if isinstance(thing.get("device"), dict) and "name" in thing:
        return f"{title(thing['device'])} · {thing['name']}"
    named = next((thing[name] for name in _TITLES if isinstance(thing.get(name), (str, int)) and thing[name]), None)
    if named is None:
        named = next((title(value) for value in thing.values() if isinstance(value, dict) and "id" in value), None)
    return str(named) if named is not None else f"#{thing.get('id', '')}"


def age(seconds: float) -> str:
    """A span of time in its largest unit: "4 h"."""
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    return next((f"{int(seconds // size)} {unit}" for unit, size in units if seconds >= size), "0 s")


def is_moment(value: Any) -> bool:
    """Whether it is a time as the API writes them."""
    return isinstance(value, str) and bool(_MOMENT.fullmatch(value))


def activity(message: str) -> Markup:
    """A line of the recent activity, which is HTML with at most one link to an object of this site; other tags are
    shown as they are written.
    """
    if not (found := _LINKED.fullmatch(message)):
        return _text(message)
    before, address, name, after = map(_text, found.groups())
    return before + Markup('<a href="{}{}">{}</a>').format(request.script_root, address, name) + after


def _text(html: str) -> Markup:
    """HTML without tags as text that is safe whatever it says."""
    return escape(Markup(html).unescape())


def marked(row: JsonObject, html: Iterable[str]) -> JsonObject:
    """`row` with its attributes `html` as markup."""
    return row | {name: activity(row[name]) for name in html if isinstance(row.get(name), str)}


def linked_json(value: Any) -> Markup:
    """`value` as indented JSON in which every address is a link."""
    return Markup("").join(_pieces(value, "\n"))


def _pieces(value: Any, indent: str) -> Iterable[Markup]:
    if isinstance(value, (dict, list)) and value:
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        deeper = indent + "  "
        items = value.items() if isinstance(value, dict) else ((None, item) for item in value)
        yield Markup(opening)
        for place, (name, item) in enumerate(items):
            yield Markup("," if place else "") + Markup(deeper)
            if name is not None:
                yield Markup(f'<span class="k">{escape(_dumps(name))}</span>: ')
            yield from _pieces(item, deeper)
        yield Markup(indent + closing)
    else:
        yield _leaf(value)


def _leaf(value: Any) -> Markup:
    if is_link(value):
        shown = escape(value)
        return Markup(f'<a href="{shown}">"{shown}"</a>')
    kind = "s" if isinstance(value, str) else "n"
    return Markup(f'<span class="{kind}">{escape(_dumps(value))}</span>')


def is_link(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://")) and not set(value) & set(" \n\t\"'<>")


def is_image(value: Any) -> bool:
    """Whether a link is to a picture that was uploaded here."""
    return is_link(value) and urlsplit(value).path.startswith(f"{request.script_root}/media/")


def is_deep(value: Any) -> bool:
    """Whether it is data that only a program reads: a mapping of nothing but mappings that are no objects."""
    inner = list(value.values()) if isinstance(value, dict) else []
    return bool(inner) and all(isinstance(each, dict) and each and not {"url", "value"} & each.keys() for each in inner)


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def title_column(columns: list[str]) -> str:
    """Which of `columns` is what the rows are called."""
    return next((name for name in _TITLES if name in columns), columns[0] if columns else "")


def flat(row: JsonObject) -> JsonObject:
    """`row` with the members of what is no object of its own in place of that."""
    inner = {name: it for name, it in row.items() if isinstance(it, dict) and not {"id", "value"} & it.keys()}
    added = {name: value for it in inner.values() for name, value in it.items() if name not in row}
    return {**{name: value for name, value in row.items() if name not in inner}, **added}


def columns_set(rows: list[JsonObject]) -> list[str]:
    """The names that any of `rows` has something short for, but its address."""
    named = dict.fromkeys(name for row in rows for name in row if name != "url")
    return [name for name in named if any(_short(row.get(name)) for row in rows)]


def columns(rows: list[JsonObject], context: Iterable[str] = ()) -> list[str]:
    """The names worth a column of a table, at most eight: what rows are called, the `context` that tells those of the
    same name apart, then what is short and set in any row.
    """
    skipped = {"url", "custom_fields", "created", "last_updated", "comments", "id"}
    if rows and "display_name" in rows[0]:
        skipped.add("name")
    found = [name for name in (rows[0] if rows else ()) if name not in skipped]
    worth = [name for name in found if any(_short(row.get(name)) for row in rows)]
    order = {name: place for place, name in enumerate([*_TITLES, *context])}
    titles = {name: order[name] for name in worth if name in order}
    first = sorted(titles, key=lambda name: (name not in _TITLES, titles[name]))
    if "description" in first:
        first.remove("description")
    return [*first, *(name for name in worth if name not in first)][:8]


def _short(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and len(value) < 4
    return value not in (None, "", {}) and (is_image(value) or len(title(value)) < 60)
