"""MAC addresses: read in any notation, stored as PostgreSQL knows them, shown in upper case with colons."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import netaddr
from marshmallow import ValidationError
from sqlalchemy import ColumnElement, String, cast, func
from sqlalchemy.dialects.postgresql import MACADDR
from sqlalchemy.orm import MappedColumn

from shared import JsonObject
from shared.query.filter_base import Filter
from shared.schema import fields
from shared.schema.columns import column


class MacAddress(fields.Text):
    """An EUI-48 in any notation, or as an integer; blank is none of them."""

    shape: ClassVar[JsonObject] = {"format": "mac", "example": "00:1B:44:11:3A:B7"}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = parse(value)
        if text is None:
            raise ValidationError("Enter a valid MAC address.")
        return text

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value and value.upper()

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.upper(cast(value, String))


def parse(value: object) -> str | None:
    """The address that `value` names, as PostgreSQL writes it, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    try:
        return str(
            netaddr.EUI(
                value.strip() if isinstance(value, str) else value, version=48, dialect=netaddr.mac_unix_expanded
            )
        )
    except (netaddr.AddrFormatError, ValueError, TypeError):
        return None


def mac_address() -> MappedColumn[str | None]:
    return column(MACADDR, MacAddress(allow_none=True), index=True)


def mac_filter(condition: Callable[[str], ColumnElement[bool]]) -> Filter:
    """The filter `mac_address`: `condition(address)` for an address in any notation."""

    def any_notation(text: str) -> ColumnElement[bool] | None:
        address = parse(text)
        return None if address is None else condition(address)

    return Filter("mac_address", any_notation)
