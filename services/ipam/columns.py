"""Columns of addresses: PostgreSQL's `cidr` and `inet`, in Python the one text that both sides write them as."""

from collections.abc import Callable, Mapping
from ipaddress import ip_interface, ip_network
from typing import Any, ClassVar

from marshmallow import ValidationError
from sqlalchemy import ColumnElement, Text, cast, func
from sqlalchemy.dialects.postgresql import CIDR, INET
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeDecorator

from services.ipam.address_syntax import Interface, Network, canonical, parse_address, parse_network
from services.ipam.choices import FAMILY
from shared import JsonObject
from shared.schema import fields
from shared.schema.columns import column, computed


class _AsText(TypeDecorator[str]):
    """Read with its mask even where that is of a single host, which `inet` leaves out."""

    cache_ok = True

    def column_expression(self, column: ColumnElement[str]) -> ColumnElement[str]:
        return cast(column, Text)


class Cidr(_AsText):
    impl = CIDR
    cache_ok = True


class Inet(_AsText):
    impl = INET
    cache_ok = True


class NetworkField(fields.Field):
    """A network, in any of the ways people write one; kept in its canonical text."""

    read: Callable[[str], Network | Interface] = staticmethod(parse_network)
    shape: ClassVar[JsonObject] = {"type": "string", "format": "cidr", "example": "192.0.2.0/24"}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        try:
            return canonical(self.read(value))
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(value, Text)


class AddressField(NetworkField):
    """A host address with its mask."""

    read = staticmethod(parse_address)
    shape: ClassVar[JsonObject] = {"type": "string", "format": "cidr", "example": "192.0.2.1/24"}


def network(**kwargs: Any) -> MappedColumn[str]:
    return column(Cidr, NetworkField(), **kwargs)


def address(**kwargs: Any) -> MappedColumn[str]:
    return column(Inet, AddressField(), **kwargs)


def family_of(name: str) -> computed:
    """4 or 6: the family of the address that the entity keeps in column `name`."""
    return computed(fields.RawChoice(FAMILY), lambda entity: func.family(getattr(entity, name)))


def host_of(address: str) -> str:
    """The canonical text of the single host in `address`."""
    return canonical(ip_network(ip_interface(address).ip))
