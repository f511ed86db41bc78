"""Resource: the declaration of one type of object, from which its endpoint is made."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, cast

from flask import Response
from marshmallow import Schema
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from shared import JsonObject
from shared.db.prepared import AnySelect
from shared.query import filters, lookup_expressions
from shared.query.filter_base import AnyColumn, Condition, Filter
from shared.query.id_filters import IdFilter, IdInFilter
from shared.query.ordering import Ordering
from shared.query.paths import Back, Path
from shared.query.shapes import Narrowing
from shared.references.invariants import Invariant
from shared.references.lookups import Lookup
from shared.schema import fields, natural_keys
from shared.schema.changes import M, Rule
from shared.schema.fields import Choices
from shared.schema.models import Attribute, Record
from shared.schema.read_face import ReadFace
from shared.schema.representations import patch_schema, read_schema, readable_names, write_schema
from shared.schema.view import View
from shared.security.identity import Identity

# What identifies a thing, though nothing here keeps two of them from having the same.
IDENTIFYING = ("name", "serial", "mac_address")
TRACKED = ("created", "last_updated")
READ, ALL = ("GET",), ("GET", "POST", "PUT", "PATCH", "DELETE")

# How a document describes a body: a schema, or JSON schema.
Shape = Schema | type[Schema] | JsonObject


@dataclass(frozen=True)
class Related:
    """Filters `name_id` and `name` on the object that `path` leads to (`Related("region", "site", "region")`).

    With `only_id` there is no `name`.
    """

    name: str
    path: Path
    only_id: bool

    def __init__(self, name: str, *path: "str | Back", only_id: bool = False) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "only_id", only_id)


@dataclass(frozen=True)
class Action:
    """A route below one object, `/api/<app>/<path>/<id>/<name>/`: `view(resource, pk)` answers `methods`.

    `permission(verb)` names the permission that an unsafe verb needs, where it is not that of the resource; `reply` is
    the schema of what it answers (with `status`), `media` its type, `body` the schema of what it takes, `many` whether
    it takes and answers lists as well, `query` its parameters; `summary` says what it does where `name` does not.
    `shown` is how the page of the object shows the list that it answers: as a "table", or as "pictures" (`embed_url`).
    """

    name: str
    view: "Callable[[Resource[Any], int], Response]"
    methods: tuple[str, ...] = READ
    permission: Callable[[str], str | None] | None = None
    reply: Shape | None = None
    media: str = "application/json"
    status: int = 200
    body: Shape | None = None
    many: bool = False
    query: tuple[JsonObject, ...] = ()
    summary: str = ""
    shown: str = ""


@dataclass(frozen=True)
class DependentFacts:
    """When one of `columns` of a row of type `label` changes, published facts of the objects `ids` do.

    `ids` is SQL that finds their ids by an index, however many rows there are; `$1` in it is the row as it was.
    """

    label: str
    columns: tuple[str, ...]
    ids: str


@dataclass(eq=False)
class Resource(Generic[M]):
    """One type of object of the API.

    filters     names of attributes, `Related(...)`, Filters; `id`, `id__in`, what identifies and dates are always there
    search      names of attributes (or SQL expressions) that `q` looks into; `search_extra(text)` adds conditions
    order       names of attributes, dotted through references (`"site.name"`), `-` for descending; id breaks ties
    reorder     `reorder(args)`: the expressions that a list with such a query string is ordered by instead, or ()
    unique      names that must be unique together; a null among them makes an object free
    rules       `validate_x(session, changes)`: refuse by `change.fail(message, field)`; in order, to the first failure
    before_save `set_x(session, changes)`: set what is computed once all rules have let pass, or `change.fail`
    after_save  `hook(session, changes)`: what a write brings about, in the same transaction
    on_delete   `hook(session, objects)`: what deleting the objects brings about, before they go; may raise an ApiError
    lookups     Lookups: what another service adds to a page of the read face
    actions     routes below one object
    base_conditions  (conditions) the rows of the model that this endpoint shows
    visible     `visible(identity)`: conditions on the rows that this caller may read and write; may raise Forbidden
    unrestricted_verbs  what needs no permission (`"add"`, `"change"`, `"delete"`): `visible` and the rules decide alone
    postprocess `postprocess(faces)`: put into a page of read faces, in place, what SQL cannot
    awaited     `awaited(read)`: the page that `read()` finds, once there is what whoever asks waits for
    belonging   `{label: query(connection, id)}`: the query of this list for what belongs to an object of that type
    part_of     the references that tell objects of one name apart; those of `unique` and `order` unless given
    columns     the attributes that a table of its objects shows; those worth one, by their values, unless given
    utilization  `utilization()`: selects the (id, used) of each object, used being what part of it is taken, 0.0 to 1.0
    note        what whoever reads an object has to know, for the document and for people
    view        what the endpoint shows and takes of its model, and where, if not all of it with its model
    csv_headings  what NetBox's import forms call a column, `{"rack_name": "rack"}`; "" for what has no place here
    dependent_facts  DependentFacts: the rows of other types that published facts of this one are made of
    invariants  Invariants: what references of this type need of their objects for as long as they are kept
    """

    model: type[M]
    filters: tuple[str | Related | Filter, ...] = ()
    search: tuple[str | AnyColumn, ...] = ()
    search_extra: Callable[[str], Sequence[Narrowing]] | None = None
    order: tuple[str, ...] = ("name",)
    reorder: Callable[[MultiDict[str, str]], tuple[Narrowing, ...]] | None = None
    unique: tuple[tuple[str, ...], ...] = ()
    rules: tuple[Rule[M], ...] = ()
    before_save: tuple[Rule[M], ...] = ()
    after_save: tuple[Rule[M], ...] = ()
    on_delete: tuple[Callable[[Session, list[M]], None], ...] = ()
    lookups: tuple[Lookup, ...] = ()
    actions: tuple[Action, ...] = ()
    base_conditions: tuple[Condition, ...] = ()
    visible: Callable[[Identity], Iterable[Condition]] | None = None
    unrestricted_verbs: tuple[str, ...] = ()
    postprocess: Callable[[list[JsonObject]], None] | None = None
    awaited: Callable[[Callable[[], Any]], Any] | None = None
    path: str = ""
    methods: tuple[str, ...] = ALL
    detail: bool = True
    dependent_facts: tuple[DependentFacts, ...] = ()
    invariants: tuple[Invariant, ...] = ()
    belonging: Mapping[str, Callable[[Connection, int], dict[str, str] | None]] = field(default_factory=dict)
    part_of: tuple[str, ...] | None = None
    columns: tuple[str, ...] = ()
    utilization: Callable[[], AnySelect] | None = None
    note: str = ""
    view: View | None = None
    csv_headings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path = self.path or (self.view.path if self.view else "") or self.model.path
        self.model.path = self.model.path or self.path
        if self.is_home and self.unique and not natural_keys.of(self.model):
            self.model.identified_by = self.unique[0]

    @property
    def app(self) -> str:
        """The app in whose part of the API the endpoint is."""
        return self.view.app if self.view else self.model.app

    def list_path(self) -> str:
        """The path of the list."""
        return f"/api/{self.app}/{self.path}/"

    @property
    def is_home(self) -> bool:
        """Whether this is the endpoint that its model is known by."""
        return (self.app, self.path) == (self.model.app, self.model.path)

    @property
    def shown(self) -> type[Record] | View:
        """What the endpoint shows and takes."""
        return self.view or self.model

    @property
    def attributes(self) -> dict[str, Attribute]:
        """The same, by name."""
        return self.shown.attributes

    def permission(self, verb: str) -> str | None:
        """The permission that `verb` (`"add"`, `"change"`, `"delete"`) needs; None for what is everybody's own."""
        return None if verb in self.unrestricted_verbs else f"{self.model.app}.{verb}_{self.model.label.split('.')[1]}"

    @cached_property
    def read_face(self) -> ReadFace:
        return ReadFace(self.shown, readable_names(self.attributes))

    @cached_property
    def ordering(self) -> Ordering:
        return Ordering(self.model, self.order)

    @cached_property
    def filter_table(self) -> dict[str, Filter]:
        """Every filter of the list, by parameter; what is declared comes before what the attributes call for."""
        declared = {made.name: made for made in self._filters()}
        called_for = [*self._identifying(), *self._tracking()]
        return declared | {made.name: made for made in called_for if made.name not in declared}

    def filter(self, parameter: str) -> Filter | None:
        """The filter that `parameter` means, a lookup expression or not."""
        return self.filter_table.get(parameter) or lookup_expressions.find(self, parameter)

    def _filters(self) -> Iterable[Filter]:
        yield IdFilter(self.model)
        yield IdInFilter(self.model)
        for declared in self.filters:
            if isinstance(declared, Filter):
                yield declared
            elif isinstance(declared, Related):
                yield from filters.related(declared.name, self.model, declared.path)[: 1 if declared.only_id else 2]
            else:
                yield from filters.of_attribute(self.model, declared)
        if self.search or self.search_extra:
            yield filters.SearchFilter([self._searched(each) for each in self.search], self.search_extra)

    def _identifying(self) -> Iterable[Filter]:
        """The filters on what tells one object from another: clients take the first of a list for what they named."""
        table, model = self.model.__table__, self.model
        names = {*model.nested, model.key, *IDENTIFYING}.union(*self.unique)
        for name, attribute in self.attributes.items():
            column = table.columns.get(attribute.column)
            if column is not None and not column.primary_key and (column.unique or name in names):
                yield from filters.of_attribute(model, name)

    def _tracking(self) -> Iterable[Filter]:
        for name in filter(self.model.attributes.__contains__, TRACKED):
            yield from filters.of_attribute(self.model, name)

    def _searched(self, declared: str | AnyColumn) -> AnyColumn:
        return cast(AnyColumn, getattr(self.model, declared)) if isinstance(declared, str) else declared

    @cached_property
    def choices(self) -> dict[str, Choices[Any]]:
        """The choice tables of this type, as `_choices` names them (`"site:status"`)."""
        prefix = self.model.verbose_name.replace(" ", "-").lower()
        return {
            f"{prefix}:{name}": attribute.field.choices
            for name, attribute in self.model.attributes.items()
            if isinstance(attribute.field, fields.Choice) and not attribute.field.metadata.get("unlisted")
        }

    def schemas(self) -> tuple[type[Schema], type[Schema], type[Schema]]:
        return read_schema(self.shown), write_schema(self.shown), patch_schema(self.shown)
