"""The language of templates: Jinja2, in which the templates of NetBox 2.3 (Django's) mostly work as they are.

What the models of NetBox had is there as well: `device.pk`, `device.get_status_display`, `device.cf.floor`,
`address.ip`, `queryset.count`. What is none of an object is nothing, and so is an attribute of nothing.
"""

import operator
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import ip_interface
from typing import Any

from jinja2 import ChainableUndefined, Undefined, UndefinedError, nodes, pass_environment, pass_eval_context
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared import JsonObject
from shared.rendering.django_filters import FILTERS, escaped
from shared.rendering.django_syntax import DjangoMeaning
from shared.rendering.django_tags import DjangoTags

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


class Nothing(ChainableUndefined):
    """What a template names that is not there: nothing, whatever is asked of it, and as good as None."""

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, Undefined)

    __hash__ = ChainableUndefined.__hash__


class Environment(ImmutableSandboxedEnvironment):
    def __init__(self) -> None:
        super().__init__(autoescape=True, extensions=[DjangoTags], undefined=Nothing, finalize=_shown)
        self.globals = {name: self.globals[name] for name in GLOBALS}
        self.filters |= FILTERS | {"called": called, "looped": looped, "compared": compared}
        self.tests |= {"None": _is_none, "none": _is_none, "True": lambda value: value is True}
        self.tests |= {"False": lambda value: value is False}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        meant: nodes.Template = DjangoMeaning().visit(super()._parse(source, name, filename))
        return meant

    def getattr(self, obj: Any, attribute: str) -> Any:
        if attribute.startswith("__"):
            self.unsafe_undefined(obj, attribute)
        if isinstance(obj, dict):
            with suppress(KeyError):
                return obj[attribute]
        if obj is None:
            return self.undefined(name=attribute)
        if isinstance(obj, str) and attribute in ADDRESS:
            with suppress(ValueError):
                return ADDRESS[attribute](ip_interface(obj))
        return super().getattr(obj, attribute)

    def unsafe_undefined(self, obj: object, attribute: str) -> Undefined:
        """What must not be reached is an error, not nothing."""
        message = f"access to attribute {attribute!r} of {type(obj).__name__!r} object is unsafe."
        raise SecurityError(message)


@pass_environment
def called(environment: Environment, value: Any) -> Any:
    """A method without brackets is called, as by Django; one that needs arguments is nothing."""
    if isinstance(value, Undefined) or not callable(value):
        return value
    if not environment.is_safe_callable(value):
        raise SecurityError(f"{value!r} is not safely callable")
    try:
        return value()
    except TypeError:
        return environment.undefined()


def looped(value: Any) -> Iterable[Any]:
    """What a loop goes over: nothing if there is nothing."""
    return () if value is None else value


def compared(value: Any, how: str, other: Any) -> bool:
    """The result of a comparison; one that makes no sense is false."""
    try:
        return bool(COMPARISONS[how](value, other))
    except (TypeError, UndefinedError):
        return False


COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt,
    "gt": operator.gt,
    "lteq": operator.le,
    "gteq": operator.ge,
    "in": lambda value, other: value in other,
    "notin": lambda value, other: value not in other,
}


def _is_none(value: object) -> bool:
    return value is None or isinstance(value, Undefined)


@pass_eval_context
def _shown(context: nodes.EvalContext, value: Any) -> Any:
    """What is printed for `value`: nothing for a method, and quotes as Django spells them."""
    if callable(value) and not isinstance(value, Undefined):
        return ""
    return escaped(value) if context.autoescape else value


class Object(dict[str, Any]):
    """An object of the API, called by its name, with the attributes that its model had in NetBox."""

    def __missing__(self, name: str) -> Any:
        if name == "pk":
            return self["id"]
        if name == "cf":
            fields = self["custom_fields"].items()
            return {field: value["label"] if isinstance(value, DisplayedChoice) else value for field, value in fields}
        if choice := re.fullmatch("get_(.+)_display", name):
            chosen = self[choice[1]]
            if chosen is None or isinstance(chosen, DisplayedChoice):
                return None if chosen is None else chosen["label"]
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
