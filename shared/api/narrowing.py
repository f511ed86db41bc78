"""What the query string of a list narrows it to."""

from collections.abc import Iterable

from flask import request
from sqlalchemy import Connection, False_

from shared.api import parameters
from shared.api.resource import Resource
from shared.custom_fields import input as custom_field_input
from shared.http.context import context
from shared.http.errors import BadRequest
from shared.query.filter_base import MOST_SEARCHED, Filter
from shared.query.refusals import meaningless, strict
from shared.query.shapes import Narrowing

MOST_PARAMETERS = 1000


def conditions(connection: Connection, resource: Resource) -> list[Narrowing]:
    """The conditions that the query string puts on a list, shaped but for those on custom fields.

    Raises BadRequest for more than it may.
    """
    if request.query_string.count(b"&") >= MOST_PARAMETERS:
        raise BadRequest(f"A query has at most {MOST_PARAMETERS} parameters.")
    own = custom_field_input.filters(connection, resource.model, set(request.args))
    given = {name: (own.get(name) or resource.filter(name), values) for name, values in request.args.lists()}
    unknown = [name for name, (chosen, _) in given.items() if not chosen and name not in parameters.OF_LISTS]
    parameters.refuse_unknown_of_list(resource, unknown)
    context().ignored += unknown
    known = [(chosen, values) for chosen, values in given.values() if chosen]
    # A filter that has too many values is named by this, which is why it comes before the limit of all together.
    # A filter of a custom field was made for this request: its shape would never come again.
    made = [chosen.where(values) if chosen.name in own else chosen.asked(values) for chosen, values in known]
    _limit_searches(known)
    if strict():
        for (chosen, values), found in zip(known, made, strict=True):
            _refuse_meaningless(chosen, values, found)
    return [found for found in made if found is not None]


def _limit_searches(given: Iterable[tuple[Filter, list[str]]]) -> None:
    """Raises BadRequest for more texts than may be looked for in every row."""
    if sum(len(set(values)) for chosen, values in given if chosen.searches) > MOST_SEARCHED:
        raise BadRequest(
            f"At most {MOST_SEARCHED} texts can be searched for at once (q, and expressions such as __ic)."
        )


def _refuse_meaningless(chosen: Filter, values: list[str], found: Narrowing | None) -> None:
    """Raises BadRequest for one of `values`, of which `found` was made, that is ignored or that no row can have."""
    for text in (part.strip() for value in values for part in chosen.parts(value)):
        impossible = isinstance(found, False_) and isinstance(chosen.asked([text]), False_)
        if text and (impossible or chosen.ignores(text)):
            raise meaningless(chosen.name, text)
