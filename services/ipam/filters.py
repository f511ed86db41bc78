"""Filters by where an address lies."""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func

from services.ipam.address_syntax import canonical, parse_address, parse_network
from services.ipam.choices import FAMILY
from shared.query import filters
from shared.query.filter_base import Filter
from shared.schema import parsing

EVERYTHING = {4: "0.0.0.0/0", 6: "::/0"}


class FamilyFilter(Filter):
    """`family`: as a containment, which the indexes of the addresses serve."""

    kind, choices = "choice", FAMILY

    def __init__(self, column: Any) -> None:
        super().__init__("family", lambda text: within(column, EVERYTHING[int(text)]) if text in ("4", "6") else None)


class AddressFilter(Filter):
    """A filter on a network or an address: `condition(text)` may raise ValueError for what is neither."""

    def __init__(self, name: str, condition: Callable[[str], ColumnElement[bool]]) -> None:
        def of_text(text: str) -> ColumnElement[bool] | None:
            try:
                return condition(text)
            except ValueError:
                return None

        super().__init__(name, of_text)


class MaskFilter(filters.NumberFilter):
    """`mask_length`: NetBox takes 0 for a blank."""

    def __init__(self, column: Any) -> None:
        super().__init__("mask_length", func.masklen(column))

    def where(self, values: list[str]) -> ColumnElement[bool] | None:
        return super().where([value for value in values if value.strip().strip("-+0.")])


def network(text: str) -> str:
    return canonical(parse_network(re.sub(r"\s*/\s*", "/", text), strict=False))


def strictly_within(column: Any, network: str) -> ColumnElement[bool]:
    return column.op("<<", is_comparison=True)(network)


def within(column: Any, network: str) -> ColumnElement[bool]:
    return column.op("<<=", is_comparison=True)(network)


def containing(column: Any, text: str) -> ColumnElement[bool]:
    """The networks around `text`, itself included only if it is written as a network."""
    operator = ">>=" if "/" in text else ">>"
    return column.op(operator, is_comparison=True)(network(text))


def search_containing(column: Any) -> Callable[[str], list[ColumnElement[bool]]]:
    """For `q`: the networks that contain, or are, what the text means."""

    def conditions(text: str) -> list[ColumnElement[bool]]:
        try:
            return [column.op(">>=", is_comparison=True)(network(text))]
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


def starts_with(column: Any) -> Callable[[str], list[ColumnElement[bool]]]:
    return lambda text: [cast(column, Text).ilike(filters.escape_like(text) + "%", escape="\\")]


def id_of(written: str) -> int | None:
    """The id that is written, or None for what can be none."""
    number = parsing.to_integer(written)
    return None if number is None or abs(number) > parsing.MAX_INTEGER else number
