"""The parameters of a list or an object besides filters, and those that have no meaning there."""

from collections.abc import Iterable

from flask import request

from shared.api import exports, selection
from shared.api.resource import Resource
from shared.query import lookup_expressions, ordering
from shared.query.ordering import Ordering
from shared.query.refusals import strict, unknown

OF_OBJECTS = frozenset({"format", *selection.PARAMETERS})
OF_LISTS = OF_OBJECTS | {"limit", "offset", "cursor", "start", ordering.PARAMETER, exports.PARAMETER}


def order_asked_for(resource: Resource) -> Ordering | None:
    """The order that a list is asked for in; None for the usual one. Raises BadRequest for what has no order."""
    if asked := ordering.requested(resource.model, request.args.getlist(ordering.PARAMETER)):
        return asked
    expressions = resource.reorder(request.args) if resource.reorder else ()
    return Ordering(resource.model, (), expressions) if expressions else None


def refuse_unknown_of_list(resource: Resource, ignored: Iterable[str]) -> None:
    """Raises BadRequest for the first of the parameters `ignored`, where that is asked for."""
    if strict():
        for name in ignored:
            known = lookup_expressions.names(resource, name)
            raise unknown(name, name, "parameter of this list", [*known, *OF_LISTS])


def refuse_unknown_of_object() -> None:
    """Raises BadRequest for the first parameter that means nothing for one object, where that is asked for."""
    if request.query_string and strict():
        for name in (each for each in request.args if each not in OF_OBJECTS):
            raise unknown(name, name, "parameter of one object", OF_OBJECTS)
