"""MAC addresses: read in any notation, stored as PostgreSQL knows them, shown in upper case with colons."""

from typing import ClassVar

import netaddr
from marshmallow import ValidationError
from sqlalchemy import String, cast, func
from sqlalchemy.dialects.postgresql import MACADDR
from sqlalchemy.orm import MappedColumn

from shared.query.filter_base import Filter
from shared.schema import fields
from shared.schema.columns import column


class MacAddress(fields.Text):
    """An EUI-48 in any notation, or as an integer; blank is none of them."""

    shape: ClassVar[dict] = {"format": "mac", "example": "00:1B:44:11:3A:B7"}

    def _deserialize(self, value, attr, data, **kwargs):
        text = parse(value)
        if text is None:
            raise ValidationError("Enter a valid MAC address.")
        return text

    def _serialize(self, value, attr, obj, **kwargs):
        return value and value.upper()

    def sql(self, value):
        return func.upper(cast(value, String))


def parse(value) -> str | None:
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


def mac_address() -> MappedColumn:
    return column(MACADDR, MacAddress(allow_none=True), index=True)


def mac_filter(condition) -> Filter:
    """The filter `mac_address`: `condition(address)` for an address in any notation."""

    def any_notation(text):
        address = parse(text)
        return None if address is None else condition(address)

    return Filter("mac_address", any_notation)
