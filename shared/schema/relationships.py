"""Relationships: makes those of SQLAlchemy from the references and lists that a model declares."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ForeignKey, Integer, Table
from sqlalchemy.orm import Relationship, relationship

if TYPE_CHECKING:
    from shared.schema.models import Attribute, Record


def relate(cls: "type[Record]", attribute: "Attribute") -> None:
    """Give `cls` the relationship that goes with a reference, before SQLAlchemy maps it."""
    for label in attribute.field.replicas:
        cls.model_of(label)
    if attribute.is_list:
        setattr(cls, attribute.name, _association(cls, attribute))
    elif attribute.is_reference and not hasattr(cls, attribute.name):
        target = attribute.field.target
        if target.split(".")[0] != cls.app:
            cls.model_of(target)
        made: Relationship[Any] = relationship(
            lambda: cls.model_of(target),
            primaryjoin=lambda: getattr(cls, attribute.column) == cls.model_of(target).id,
            foreign_keys=lambda: getattr(cls, attribute.column),
            remote_side=lambda: cls.model_of(target).id,
            viewonly=True,
        )
        setattr(cls, attribute.name, made)


def _association(cls: "type[Record]", attribute: "Attribute") -> Relationship[Any]:
    target = attribute.field.target
    if target.split(".")[0] != cls.app:
        cls.model_of(target)
    table = Table(
        f"{cls.__tablename__}_{attribute.name}",
        cls.metadata,
        Column("owner_id", Integer, ForeignKey(f"{cls.__tablename__}.id", ondelete="CASCADE"), primary_key=True),
        Column(
            "target_id",
            Integer,
            ForeignKey(f"{target.replace('.', '_')}.id", ondelete="CASCADE"),
            primary_key=True,
            index=True,
        ),
    )
    return relationship(lambda: cls.model_of(target), secondary=table, passive_deletes=True)
