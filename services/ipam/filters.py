"""Filters by where an address lies."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func

from services.ipam.address_syntax import canonical, parse_address, parse_network
from services.ipam.choices import FAMILY
from shared.query import filters
from shared.query.filter_base import Filter
from shared.query.shapes import Narrowing, Shaped
from shared.schema import parsing

EVERYTHING = {4: "0.0.0.0/0", 6: "::/0"}


class FamilyFilter(Filter):
    """`family`: as a containment, which the indexes of the addresses serve."""

    kind, choices = "choice", FAMILY

    def __init__(self, column: Any) -> None:
        super().__init__("family", lambda text: within(column, EVERYTHING[int(text)]) if text in ("4", "6") else None)


class AddressFilter(Filter):
    """A filter on a network or an address: `condition(text)` may raise ValueError for what is neither."""

    def __init__(self, name: str, condition: Callable[[str], Narrowing]) -> None:
        def of_text(text: str) -> Narrowing | None:
            try:
                return condition(text)
            except ValueError:
                return None

        super().__init__(name, of_text)


class MaskFilter(filters.NumberFilter):
    """`mask_length`: NetBox takes 0 for a blank."""

    def __init__(self, column: Any) -> None:
        super().__init__("mask_length", func.masklen(column))

    def ignores(self, text: str) -> bool:
        return not text.strip("-+0.")


def network(text: str) -> str:
    return canonical(parse_network("/".join(part.strip() for part in text.split("/")), strict=False))


def strictly_within(column: Any, network: Any) -> ColumnElement[bool]:
    return column.op("<<", is_comparison=True)(network)


def within(column: Any, network: Any) -> ColumnElement[bool]:
    return column.op("<<=", is_comparison=True)(network)


def around(column: Any, network: Any) -> ColumnElement[bool]:
    return column.op(">>=", is_comparison=True)(network)


def strictly_around(column: Any, network: Any) -> ColumnElement[bool]:
    return column.op(">>", is_comparison=True)(network)


def lying(column: Any, where: Callable[[Any, Any], ColumnElement[bool]]) -> Callable[[str], Shaped]:
    """Whether `column` lies so (`within`, `around`) to the network that a text means. Raises ValueError for none."""
    build = partial(where, column)
    return lambda text: Shaped(build, (network(text),))


def containing(column: Any) -> Callable[[str], Shaped]:
    """The networks around a text, itself included only if it is written as a network."""
    of_network, of_host = lying(column, around), lying(column, strictly_around)
    return lambda text: of_network(text) if "/" in text else of_host(text)


def search_containing(column: Any) -> Callable[[str], list[Shaped]]:
    """For `q`: the networks that contain, or are, what the text means."""
    of_network = lying(column, around)

    def conditions(text: str) -> list[Shaped]:
        try:
            return [of_network(text)]
        except ValueError:
            return []

    return conditions


def host(text: str) -> str:
    return str(parse_address(text).ip)


def equal_to(address: Any, of_host: Any) -> Callable[[str], ColumnElement[bool]]:
    """With a mask, the address and the mask; without, the address whatever its mask."""

    def condition(text: str) -> ColumnElement[bool]:
        same_host = of_host == host(text)
        return and_(same_host, address == str(parse_address(text))) if "/" in text else same_host

    return condition


def starts_with(column: Any) -> Callable[[str], list[Shaped]]:
    def like(pattern: str) -> ColumnElement[bool]:
        return cast(column, Text).ilike(pattern, escape="\\")

    return lambda text: [Shaped(like, (filters.escape_like(text) + "%",))]


def id_of(written: str) -> int | None:
    """The id that is written, or None for what can be none."""
    number = parsing.to_integer(written)
    return None if number is None or abs(number) > parsing.MAX_INTEGER else number
