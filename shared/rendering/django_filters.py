"""The filters that Django has, with its names and results; where Jinja2's own give the same, those are used."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from shared.rendering.django_dates import apart, formatted
from shared.rendering.django_numbers import (
    add,
    divisibleby,
    filesizeformat,
    floatformat,
    get_digit,
    integer,
    length,
    pluralize,
)

LONGEST_PADDING = 10_000
KEEPS_SAFE = (
    *("addslashes", "bettertitle", "capfirst", "center", "floatformat", "ljust", "oneline", "phone2numeric", "rjust"),
    *("slice", "slugify", "stringformat", "striptags", "title", "truncatechars", "truncatewords"),
)
_PHONE = str.maketrans("abcdefghijklmnoprstuvwxy", "222333444555666777888999")
_JS = {ord(sign): f"\\u{ord(sign):04X}" for sign in "\\'\"<>&=-;`\u2028\u2029" + "".join(map(chr, range(32)))}
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def escaped(value: object) -> Markup:
    """`value` as HTML shows it, in Django's spelling of quotes; what is safe stays as it is."""
    return Markup(value if isinstance(value, Markup) else str(value).translate(_HTML))


def default(value: Any, other: object = "", boolean: bool = True) -> object:
    return value or other


def date(value: object, form: str = "DATE_FORMAT") -> str:
    return formatted(value, form)


@pass_eval_context
def linebreaks(context: EvalContext, value: object) -> Markup:
    """Paragraphs where a line is empty, a `<br />` at every other end of a line."""
    paragraphs = re.split(r"\n{2,}", _lines(_shown(context, value)))
    return Markup("\n\n".join(f"<p>{each.replace(chr(10), '<br />')}</p>" for each in paragraphs))


@pass_eval_context
def linebreaksbr(context: EvalContext, value: object) -> Markup:
    return Markup(_lines(_shown(context, value)).replace("\n", "<br />"))


@pass_eval_context
def linenumbers(context: EvalContext, value: object) -> Markup:
    lines = _shown(context, value).split("\n")
    width = len(str(len(lines)))
    return Markup("\n".join(f"{number:0{width}}. {line}" for number, line in enumerate(lines, 1)))


def _shown(context: EvalContext, value: object) -> str:
    return str(escaped(value) if context.autoescape else value)


def _lines(text: str) -> str:
    return re.sub(r"\r\n?", "\n", text)


def padded(how: Callable[[str, int], str]) -> Callable[[object, object], str]:
    return lambda value, width: how(str(value), min(int(str(width)), LONGEST_PADDING))


def slice_(value: Any, bounds: object) -> object:
    """The part of a text or list that `"first:last:step"` names, as Python does."""
    try:
        return value[slice(*(int(bound) if bound else None for bound in str(bounds).split(":")))]
    except (TypeError, ValueError):
        return value


def slugify(value: object) -> str:
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", str(value), flags=re.ASCII).strip().lower())


def stringformat(value: object, form: object) -> str:
    """`value` by a format of Python's `%`, without the sign; as wide as is sensible."""
    if any(int(width) > LONGEST_PADDING for width in re.findall(r"\d+", str(form))) or "*" in str(form):
        return ""
    try:
        return f"%{form}" % (value,)
    except (TypeError, ValueError):
        return ""


def title(value: object) -> str:
    capital = re.sub("([a-z])'([A-Z])", lambda found: found[0].lower(), str(value).title())
    return re.sub(r"\d([A-Z])", lambda found: found[0].lower(), capital)


def truncatechars(value: object, most: object) -> object:
    """At most so many characters, three of which are the dots that say so."""
    text, limit = str(value), integer(most)
    if limit is None or len(text) <= limit:
        return value if limit is None else text
    return text[: max(limit - 3, 0)] + "..."


def truncatewords(value: object, most: object) -> object:
    limit = integer(most)
    if limit is None:
        return value
    words = str(value).split()
    return " ".join(words) if len(words) <= limit else f"{' '.join(words[: max(limit, 0)])} ..."


def yesno(value: object, words: str = "yes,no,maybe") -> object:
    given = words.split(",")
    if len(given) < 2:
        return value
    yes, no, *other = given
    return (other or [no])[0] if value is None else yes if value else no


def sorted_by(value: Iterable[Any], name: str, reverse: bool = False) -> object:
    """A list of objects in the order of one of their attributes, dotted; nothing where one cannot be ordered."""

    def key(each: Any) -> Any:
        for step in str(name).split("."):
            each = each[step]
        return each

    try:
        return sorted(value, key=key, reverse=reverse)
    except (TypeError, KeyError):
        return ""


FILTERS: dict[str, Callable[..., Any]] = {
    "add": add,
    "addslashes": lambda value: re.sub(r"""([\\"'])""", r"\\\1", str(value)),
    "bettertitle": lambda value: " ".join(word[:1].upper() + word[1:] for word in str(value).split()),
    "capfirst": lambda value: str(value)[:1].upper() + str(value)[1:],
    "center": padded(str.center),
    "contains": lambda value, other: other in value,
    "cut": lambda value, text: str(value).replace(str(text), ""),
    "date": date,
    "default": default,
    "default_if_none": lambda value, other="": other if value is None else value,
    "dictsort": sorted_by,
    "dictsortreversed": lambda value, name: sorted_by(value, name, True),
    "divisibleby": divisibleby,
    "escape": escaped,
    "e": escaped,
    "escapejs": lambda value: Markup(str(value).translate(_JS)),
    "filesizeformat": filesizeformat,
    "floatformat": floatformat,
    "force_escape": lambda value: Markup(str(value).translate(_HTML)),
    "get_digit": get_digit,
    "length": length,
    "length_is": lambda value, other: length(value) == integer(other),
    "linebreaks": linebreaks,
    "linebreaksbr": linebreaksbr,
    "linenumbers": linenumbers,
    "ljust": padded(str.ljust),
    "make_list": lambda value: list(str(value)),
    "oneline": lambda value: str(value).replace("\n", " "),
    "phone2numeric": lambda value: str(value).lower().translate(_PHONE),
    "pluralize": pluralize,
    "rjust": padded(str.rjust),
    "safeseq": lambda value: [Markup(each) for each in value],
    "slice": slice_,
    "slugify": slugify,
    "stringformat": stringformat,
    "striptags": lambda value: re.sub(r"<!--.*?-->|</?[a-zA-Z][^>]*>", "", str(value), flags=re.DOTALL),
    "time": lambda value, form="TIME_FORMAT": formatted(value, form),
    "timesince": lambda value, other=None: apart(value, other, True),
    "timeuntil": lambda value, other=None: apart(value, other, False),
    "title": title,
    "truncatechars": truncatechars,
    "truncatewords": truncatewords,
    "urlencode": lambda value, safe="/": quote(str(value), safe=str(safe)),
    "yesno": yesno,
}


def _keeping_safe(made: Callable[..., Any]) -> Callable[..., Any]:
    """The filter `made`, whose result is safe if what it is applied to is."""

    def applied(value: object, *arguments: object) -> object:
        result = made(value, *arguments)
        return Markup(result) if isinstance(value, Markup) and isinstance(result, str) else result

    return applied


FILTERS |= {name: _keeping_safe(FILTERS[name]) for name in KEEPS_SAFE}
