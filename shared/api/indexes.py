"""The indexes and unique sets of a table, as its resource calls for them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, Column, Index, UniqueConstraint
from sqlalchemy.sql.functions import FunctionElement

from shared.api.resource import Resource


def index(resource: Resource) -> None:
    """Give the table its unique sets, and indexes for its order and for each reference and filter of its own.

    An index for a filter also has the columns of the order, so that the first page is the beginning of the index.
    """
    table, order = resource.model.__table__, resource.ordering.own_keys()
    for names in resource.unique:
        table.append_constraint(UniqueConstraint(*(resource.model.attributes[name].column for name in names)))
    whole = [index for index in table.indexes if index.dialect_options["postgresql"]["where"] is None]
    firsts = [(next(iter(index.expressions)), next(iter(index.columns))) for index in whole]
    # An index on a function of a column does not serve conditions on the column itself.
    indexed = {column.name for first, column in firsts if not isinstance(first, FunctionElement)}
    indexed |= {column.name for column in table.columns if column.unique or column.primary_key}
    for column in dict.fromkeys([*list(order)[:1], *_narrowing(resource)]):
        if isinstance(column.type, ARRAY):  # asked for what it contains
            Index(f"gin_{table.name}_{column.name}", column, postgresql_using="gin")
        elif column.name not in indexed:
            after = [key for other, key in order.items() if other is not column]
            tie = [table.c.id] if order else []
            Index(f"ix_{table.name}_{column.name}", order.get(column, column), *after, *tie)


def _narrowing(resource: Resource) -> Iterable[Column[Any]]:
    """The references and the columns that are filtered by."""
    columns = resource.model.__table__.columns
    for name, attribute in resource.model.attributes.items():
        if (attribute.is_reference or name in resource.filter_table) and attribute.column in columns:
            yield columns[attribute.column]
