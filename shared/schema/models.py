"""Models: the declarative base of a service, and the replicas it keeps of other services' objects."""

import re
from collections.abc import Container
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import Boolean, Column, Connection, Integer, MetaData, Select, Table, event, false, inspect
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, Mapper, mapped_column

from shared.schema import fields
from shared.schema.attributes import Expression, computed, references, transient
from shared.schema.contracts import CONTRACTS, Contract
from shared.schema.declaration_error import DeclarationError, require
from shared.schema.relationships import relate

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


if TYPE_CHECKING:  # a base of models has to name DeclarativeBase itself, but every record is mapped
    _Declarative = DeclarativeBase
else:
    _Declarative = object


class Record(_Declarative):
    """What every model has: an id, and the API attributes that its class declares.

    The base of the models of a service is `class Base(Record, DeclarativeBase)` with its `app`; it gets a metadata of
    its own, and knows its `models` by label.

    Class attributes: `label` (`"dcim.site"`), `path` (`"sites"`), `nested` (names in the nested face), `key` (the
    attribute that filters of others name it by), `identified_by` (the attributes that tell one from another where that
    alone does not, the last what it is called among the others), `listed_by` (columns that order a list of it inside
    another object), `verbose_name`, `attributes` (API name → `Attribute`). What the API calls like one of these is
    declared with an underscore (`label_`). `elsewhere` is (column, path of a list): where that column is set, the
    object is at home in that list of the API.
    """

    id: Mapped[int] = mapped_column(
        Integer, primary_key=True, sort_order=-9, info={"field": fields.Integer(dump_only=True)}
    )

    __table__: ClassVar[Table]
    app: ClassVar[str]
    base: "ClassVar[type[Record]]"
    models: "ClassVar[dict[str, type[Record]]]"
    attributes: "ClassVar[dict[str, Attribute]]"
    label: ClassVar[str] = ""
    path: ClassVar[str] = ""
    verbose_name: ClassVar[str] = ""
    nested: ClassVar[tuple[str, ...]] = ("name", "slug")
    key: ClassVar[str] = "slug"
    identified_by: ClassVar[tuple[str, ...]] = ()
    listed_by: ClassVar[tuple[str, ...]] = ()
    replica: ClassVar[bool] = False
    elsewhere: ClassVar[tuple[str, str] | None] = None
    # What the change log tells of no object of the type; of one that is not `logged`, nothing but that it changed.
    unlogged: ClassVar[tuple[str, ...]] = ()
    logged: ClassVar[bool] = True
    # By which attributes a reference may mean an object; all that are shown, unless given.
    found_by: ClassVar[tuple[str, ...] | None] = None

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The object that a reference leads to: `site` is made of `site_id` when the class is (`relate`)."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if DeclarativeBase in cls.__bases__:
            cls.metadata = MetaData(naming_convention=NAMING)
            cls.models, cls.base = {}, cls
            super().__init_subclass__(**kwargs)
            event.listen(cls, "before_update", _before_update, propagate=True)
            return
        cls.attributes = _attributes(cls)
        _refuse_reserved_names(cls)
        model = cls.__name__.lower()
        cls.label = cls.__dict__.get("label") or f"{cls.app}.{model}"
        cls.__tablename__ = cls.label.replace(".", "_")
        if not cls.__dict__.get("verbose_name"):
            cls.verbose_name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cls.__name__).lower()
        if contract := CONTRACTS.get(cls.label):
            cls.path, cls.key = contract.path, contract.key
            cls.listed_by = contract.listed_by or cls.listed_by
            cls.identified_by = contract.identified_by or cls.identified_by
            cls.elsewhere = contract.elsewhere if contract.elsewhere and hasattr(cls, contract.elsewhere[0]) else None
            cls.nested = cls.__dict__.get("nested") or contract.names_in(cls.attributes)
        for attribute in cls.attributes.values():
            relate(cls, attribute)
        super().__init_subclass__(**kwargs)
        cls.models[cls.label] = cls

    @classmethod
    def model_of(cls, label: str) -> "type[Any]":
        """The model of `label` in this service: its own, or the replica of another service's.

        Which columns it has is known when it runs: a record to those who annotate it so, else anything.
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
    def schema_name(cls) -> str:
        """What the schemas of this type are called, but for their endings."""
        return cls.label.split(".")[0].title() + cls.__name__

    @classmethod
    def list_path(cls) -> str:
        """The path of the list of all objects of this type."""
        return f"/api/{cls.label.split('.')[0]}/{cls.path}/"

    def home(self) -> str:
        """The path of the list that this object is at home in."""
        if self.elsewhere and getattr(self, self.elsewhere[0]) is not None:
            return self.elsewhere[1]
        return self.list_path()

    @classmethod
    def with_descendants(cls, ids: Select[int]) -> Select[int]:
        """Hook for trees: the subquery `ids`, and all that is below them."""
        return ids

    @classmethod
    def replicas(cls) -> "list[type[Record]]":
        return [model for model in cls.models.values() if model.replica]


class Attribute:
    """One attribute of the API: its `name`, its `field` and where the model keeps it (`column`).

    One that is not `stored` has no column. `place` is the `sort_order` of its column: attributes appear by it, else as
    they are declared, mixins last.
    """

    def __init__(
        self,
        name: str,
        column: str,
        field: fields.Field,
        expression: Expression | None = None,
        place: int = 0,
        stored: bool = True,
    ) -> None:
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


def _attributes(cls: type[Record]) -> "dict[str, Attribute]":
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


def _refuse_reserved_names(cls: type[Record]) -> None:
    """Raises DeclarationError for an attribute that would hide what every model has, as its `label`."""
    for attribute in cls.attributes.values():
        names = {attribute.column, attribute.name} if attribute.is_reference else {attribute.column}
        for name in names & (vars(Record).keys() - {"id"}):
            hint = f"; write {name}_, which the API calls {name}" if name == attribute.column else ""
            raise DeclarationError(f"{cls.app}: {cls.__name__} declares {name!r}, a name that every model needs{hint}")


def _replica(base: type[Record], contract: Contract) -> None:
    """The table in which a service keeps what it knows of the other service's objects it refers to."""
    facts = {
        name: mapped_column(
            type_, nullable=True, index=name in (contract.key, *contract.indexed), info={"field": field}
        )
        for name, (type_, field) in contract.facts.items()
        if name not in contract.leaving
    }
    # The last release reads these columns, and the next drops them: this one keeps them and does not know them.
    leaving = [Column(name, contract.facts[name][0]) for name in contract.leaving]
    shown = {name: computed(field(), expression) for name, (field, expression) in contract.computed.items()}
    type(
        contract.label.split(".")[1].capitalize(),
        (base,),
        {
            "__doc__": f"What is known here of a {contract.label} that is referred to.",
            "label": contract.label,
            "replica": True,
            "__table_args__": tuple(leaving),
            "__mapper_args__": {"exclude_properties": contract.leaving},
            "released": mapped_column(Boolean, nullable=False, server_default=false()),
            **facts,
            **shown,
        },
    )


def _before_update(mapper: Mapper[Any], connection: Connection, target: Record) -> None:
    set_sort_keys(target, inspect(target).committed_state)


def set_sort_keys(target: Record, changed: Container[str]) -> None:
    """Make the sort keys of a row, of which `changed` names columns, those of what it is called now."""
    for column, source, key in _sort_keys(type(target)):
        if source in changed:
            setattr(target, column, key(getattr(target, source)))


@cache
def _sort_keys(model: type[Record]) -> list[tuple[str, str, Any]]:
    return [(column.key, *column.info["sort_key"]) for column in model.__mapper__.columns if "sort_key" in column.info]
