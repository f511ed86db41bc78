"""Models: the declarative base of a service, and the replicas it keeps of other services' objects."""

import re

from sqlalchemy import Boolean, Column, ForeignKey, Integer, MetaData, Table, event, false
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column, relationship

from shared.schema import fields
from shared.schema.columns import computed, references, transient
from shared.schema.contracts import CONTRACTS, Contract
from shared.schema.declaration_error import require

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Record:
    """What every model has: an id, and the API attributes that its class declares.

    Class attributes: `label` (`"dcim.site"`), `path` (`"sites"`), `nested` (names in the nested face), `key` (the
    attribute that filters of others name it by), `listed_by` (columns that order a list of it inside another object),
    `verbose_name`, `attributes` (API name → `Attribute`). What the API calls like one of these is declared with an
    underscore (`label_`).
    """

    id = mapped_column(Integer, primary_key=True, sort_order=-9, info={"field": fields.Integer(dump_only=True)})

    label = path = verbose_name = ""
    nested: "tuple[str, ...]" = ("name", "slug")
    key = "slug"
    listed_by: "tuple[str, ...]" = ()
    replica = False

    def __init_subclass__(cls, **kwargs):
        if DeclarativeBase in cls.__bases__:
            return super().__init_subclass__(**kwargs)
        model = cls.__name__.lower()
        cls.label = cls.__dict__.get("label") or f"{cls.app}.{model}"
        cls.__tablename__ = cls.label.replace(".", "_")
        if not cls.__dict__.get("verbose_name"):
            cls.verbose_name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cls.__name__).lower()
        if contract := CONTRACTS.get(cls.label):
            cls.path, cls.key = contract.path, contract.key
            cls.listed_by = contract.listed_by or cls.listed_by
        cls.attributes = _attributes(cls)
        if contract:
            cls.nested = cls.__dict__.get("nested") or contract.names_in(cls.attributes)
        for attribute in cls.attributes.values():
            attribute.relate(cls)
        super().__init_subclass__(**kwargs)
        cls.models[cls.label] = cls
        return None

    @classmethod
    def model_of(cls, label: str) -> type:
        """The model of `label` in this service: its own, or the replica of another service's.

        Raises DeclarationError when there is none.
        """
        if label not in cls.models and label.split(".")[0] != cls.app:
            require(label, CONTRACTS, f"{cls.label or cls.app}: a reference to another service")
            _replica(cls.base, CONTRACTS[label])
        if label not in cls.models:
            require(label, cls.models, f"{cls.label or cls.app}: a reference")
        return cls.models[label]

    @classmethod
    def key_unique(cls) -> bool:
        """Whether no two objects have the same `key`."""
        contract = CONTRACTS.get(cls.label)
        return contract.key_unique if contract else bool(cls.__table__.columns[cls.attributes[cls.key].column].unique)

    @classmethod
    def with_descendants(cls, ids):
        """Hook for trees: the subquery `ids`, and all that is below them."""
        return ids

    @classmethod
    def replicas(cls) -> "list[type]":
        return [model for model in cls.models.values() if model.replica]


class Attribute:
    """One attribute of the API: its `name`, its `field` and where the model keeps it (`column`).

    One that is not `stored` has no column. `place` is the `sort_order` of its column: attributes appear by it, else as
    they are declared, mixins last.
    """

    def __init__(self, name: str, column: str, field: fields.Field, expression=None, place: int = 0, stored=True):
        self.name, self.column, self.field, self.expression, self.place = name, column, field, expression, place
        self.readable = stored or expression is not None
        self.writable = not stored or expression is None
        if column != name:
            field.attribute = column

    @property
    def is_reference(self) -> bool:
        return isinstance(self.field, fields.Reference)

    @property
    def is_nested(self) -> bool:
        return self.is_reference and self.field.nests

    @property
    def is_list(self) -> bool:
        return isinstance(self.field, fields.References)

    def relate(self, cls) -> None:
        """Give `cls` the relationship that goes with a reference, before SQLAlchemy maps it."""
        for label in self.field.replicas:
            cls.model_of(label)
        if self.is_list:
            setattr(cls, self.name, _association(cls, self))
        elif self.is_reference and not hasattr(cls, self.name):
            target = self.field.target
            if target.split(".")[0] != cls.app:
                cls.model_of(target)
            setattr(
                cls,
                self.name,
                relationship(
                    lambda: cls.model_of(target),
                    primaryjoin=lambda: getattr(cls, self.column) == cls.model_of(target).id,
                    foreign_keys=lambda: getattr(cls, self.column),
                    remote_side=lambda: cls.model_of(target).id,
                    viewonly=True,
                ),
            )


def _attributes(cls) -> "dict[str, Attribute]":
    found: dict[str, Attribute] = {}
    for klass in cls.__mro__:
        for name, value in vars(klass).items():
            if isinstance(value, (computed, references, transient)):
                expression, stored = getattr(value, "expression", None), not isinstance(value, transient)
                api_name = name.rstrip("_")
                found.setdefault(api_name, Attribute(api_name, name, value.field, expression, stored=stored))
            elif isinstance(value, MappedColumn) and "field" in value.column.info:
                field = value.column.info["field"]
                api_name = name.removesuffix("_id") if isinstance(field, fields.Reference) else name.rstrip("_")
                found.setdefault(api_name, Attribute(api_name, name, field, place=value.columns_to_assign[0][1]))
    return dict(sorted(found.items(), key=lambda item: item[1].place))


def _association(cls, attribute: Attribute):
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


def _replica(base, contract: Contract) -> type:
    """The table in which a service keeps what it knows of the other service's objects it refers to."""
    facts = {
        name: mapped_column(
            type_, nullable=True, index=name in (contract.key, *contract.indexed), info={"field": field}
        )
        for name, (type_, field) in contract.facts.items()
    }
    shown = {name: computed(field(), expression) for name, (field, expression) in contract.computed.items()}
    return type(
        contract.label.split(".")[1].capitalize(),
        (base,),
        {
            "__doc__": f"What is known here of a {contract.label} that is referred to.",
            "label": contract.label,
            "replica": True,
            "released": mapped_column(Boolean, nullable=False, server_default=false()),
            **facts,
            **shown,
        },
    )


def _update_sort_keys(mapper, connection, target) -> None:
    for column in mapper.columns:
        if "sort_key" in column.info:
            source, key = column.info["sort_key"]
            setattr(target, column.key, key(getattr(target, source)))


def service_base(app: str) -> type:
    """The declarative base of the models of one service, with a metadata of its own."""
    base = type("Base", (Record, DeclarativeBase), {"metadata": MetaData(naming_convention=NAMING)})
    base.app, base.models, base.base = app, {}, base
    event.listen(base, "before_update", _update_sort_keys, propagate=True)
    return base
