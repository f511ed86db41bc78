"""What the OpenAPI document says of the parameters of lists."""

from shared import JsonObject
from shared.api import selection
from shared.api.csv.writing import FORMAT as CSV
from shared.api.exports import PARAMETER
from shared.api.resource import Resource
from shared.query import filters, ordering
from shared.query.filter_base import Filter
from shared.schema import openapi_schemas

PAGING = {
    "limit": "How many objects a page has; 0 for as many as allowed.",
    "offset": "How many objects come before the page.",
    "cursor": "0, or what the link to the next page says: pages in the order of ids, equally fast however deep.",
    "start": "The least id on the page: the same pages, as later releases of NetBox ask for them.",
}
SELECTING = {
    selection.BRIEF: ("Whether to show the nested form of objects only.", "boolean"),
    selection.FIELDS: ("The attributes to show, separated by commas.", "string"),
    **dict.fromkeys(selection.OMIT, ("The attributes not to show, separated by commas.", "string")),
}
ORDERING = "What to order by, separated by commas: attributes, also of what is referred to (`site.name`); `-` descends."

_FORMAT = {
    "in": "query",
    "name": "format",
    "schema": {"type": "string", "enum": ["json", CSV]},
    "description": "`csv` for all of the list, however long, as a file in the order of ids; JSON unless given.",
}


def paging(*names: str) -> tuple[JsonObject, ...]:
    """The parameters that choose a page."""
    return tuple(openapi_schemas.query(name, PAGING[name]) for name in names)


def selecting() -> tuple[JsonObject, ...]:
    """The parameters that choose what is shown of an object."""
    return tuple(openapi_schemas.query(name, *told) for name, told in SELECTING.items())


def list_parameters(resource: Resource) -> list[JsonObject]:
    """What the list of `resource` may be asked for: pages, an export, and its filters."""
    export = openapi_schemas.query(
        PARAMETER, "The name of an export template, to get what it makes of the list.", "string"
    )
    names = ordering.ordered(resource.model)
    order = openapi_schemas.query(ordering.PARAMETER, ORDERING, "string", **{"x-ordered-by": names})
    return [*paging(*PAGING), _FORMAT, export, order, *selecting()] + [
        _of_filter(made) for made in resource.filter_table.values()
    ]


def _of_filter(made: Filter) -> JsonObject:
    """The parameter that narrows a list."""
    kinds = {"integer": {"type": "integer"}, "boolean": {"type": "boolean"}, "date": {"type": "string"}}
    items: JsonObject = kinds.get(made.kind, {"type": "string"})
    extra: JsonObject = {}
    if made.target is not None:
        extra = {"x-reference": openapi_schemas.path_of(made.target), "x-key": made.target.key if made.by_key else "id"}
        items = {"type": "string"}
    elif isinstance(made, filters.ChoiceFilter):
        items = {"type": "string"}
        extra = {"x-choices": openapi_schemas.table(made.choices)}
    return {
        "in": "query",
        "name": made.name,
        "schema": {"type": "array", "items": items},
        "style": "form",
        "explode": True,
        "description": _help(made, extra),
        "x-kind": made.kind,
        **extra,
    }


def _help(made: Filter, extra: JsonObject) -> str:
    if made.told:
        return made.told
    if made.name == "q":
        return "Text that is contained in any of the searched attributes, whatever the case."
    if "x-choices" in extra:
        listed = ", ".join(f"{each['value']} ({each['label']})" for each in extra["x-choices"][:30])
        return f"One of {listed}. Repeated values mean OR."
    if made.target is not None:
        return f"The {extra['x-key']} of the {made.target.verbose_name}, or null. Repeated values mean OR."
    return "Repeated values mean OR."
