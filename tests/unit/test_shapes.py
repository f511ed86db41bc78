"""Shapes of filters: the same shape has the same SQL whatever is asked for, and another filter has another shape."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import column
from sqlalchemy.dialects import postgresql

from services.circuits.app import RESOURCES as CIRCUITS
from services.dcim.app import RESOURCES as DCIM
from services.extras.app import RESOURCES as EXTRAS
from services.ipam.app import RESOURCES as IPAM
from services.tenancy.app import RESOURCES as TENANCY
from services.virtualization.app import RESOURCES as VIRTUALIZATION
from shared.api import page_ids
from shared.api.resource import Resource
from shared.query import shapes
from shared.query.filter_base import Filter
from shared.query.shapes import Shaped

RESOURCES: list[Resource] = [*CIRCUITS, *DCIM, *EXTRAS, *IPAM, *TENANCY, *VIRTUALIZATION]
EXPRESSIONS = ["n", "empty", "lt", "lte", "gt", "gte", "ic", "isw", "iew", "ie", "nic", "nisw", "niew", "nie"]


def filters_of(resource: Resource) -> list[Filter]:
    """What is declared, and its lookup expressions. A strict filter refuses what makes no sense, and none is shaped."""
    names = [name for name, each in resource.filter_table.items() if not each.strict]
    asked = [*names, *(f"{name}__{expression}" for name in names for expression in EXPRESSIONS)]
    return [found for name in asked if (found := resource.filter(name))]


FILTERS = [each for resource in RESOURCES for each in filters_of(resource)]
WORDS = ["7", "8", "0", "-1", "99999999999", "null", "true", "10.0.7.0/24", "10.0.8.9", "fd00::/64", "::1", "active"]
texts = st.one_of(st.sampled_from(WORDS), st.text(min_size=1, max_size=5), st.dates().map(str), st.integers().map(str))


def sql_of(found) -> str:
    return str(found.compile(dialect=postgresql.dialect()))


@given(st.sampled_from(FILTERS), st.lists(texts, min_size=1, max_size=3), st.lists(texts, min_size=1, max_size=3))
def test_the_same_shape_has_the_same_sql(chosen, some, others):
    first, second = chosen.asked(some), chosen.asked(others)
    if isinstance(first, Shaped) and isinstance(second, Shaped) and first.shape == second.shape:
        assert sql_of(shapes.expression(first)) == sql_of(shapes.expression(second))


@given(st.sampled_from(FILTERS), st.lists(texts, min_size=1, max_size=3))
def test_a_shape_has_the_values_that_are_asked_for_as_its_only_parameters(chosen, asked):
    found = chosen.asked(asked)
    if isinstance(found, Shaped):
        names = shapes.named(found.values)
        made = shapes.bound([found.shape])[0].compile(dialect=postgresql.dialect())
        plain = shapes.expression(found).compile(dialect=postgresql.dialect())
        assert {name for name in made.params if name in names} == {*names}
        constant = [value for name, value in made.params.items() if name not in names]
        assert {*map(repr, plain.params.values())} == {*map(repr, [*constant, *found.values])}


def test_two_filters_of_a_list_have_two_shapes():
    for resource in RESOURCES:
        asked = [each.asked([word]) for each in filters_of(resource) for word in WORDS[:1] + WORDS[7:8]]
        made = {(found.shape, sql_of(shapes.expression(found))) for found in asked if isinstance(found, Shaped)}
        for (shape, sql), (other, its) in combinations(made, 2):
            assert shape != other or sql == its


def test_most_filters_are_shaped_when_one_value_is_asked_for():
    """Else nothing here tries anything."""
    shaped = [each for each in FILTERS if any(isinstance(each.asked([word]), Shaped) for word in WORDS)]
    assert len(shaped) > len(FILTERS) / 2


def test_a_few_values_are_shaped_by_their_number():
    (devices,) = [each for each in DCIM if each.path == "devices"]
    for name in ("id", "id__in", "name", "site", "site_id", "rack_group_id"):
        chosen = devices.filter_table[name]
        few, others, more, many = (chosen.asked(list(map(str, range(1, 1 + n)))) for n in (2, 2, 3, 9))
        assert isinstance(few, Shaped) and few.shape == others.shape != more.shape
        assert not isinstance(many, Shaped)


@pytest.mark.parametrize("kept", [page_ids._compiled, page_ids._compiled_total])
def test_no_more_shapes_are_kept_than_there_is_room_for(kept):
    (prefixes,) = [each for each in IPAM if each.path == "prefixes"]
    for place in range(page_ids.MOST_SHAPES + 20):
        shape = Shaped(lambda value, place=place: column(f"c{place}") == value, (place,)).shape
        kept(*((prefixes, (shape,), (), None, False) if kept is page_ids._compiled else (prefixes, (shape,))))
    assert kept.cache_info().currsize == page_ids.MOST_SHAPES
    kept.cache_clear()
