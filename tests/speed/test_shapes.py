"""Statements that are compiled once for a shape find what those find that are compiled for each query."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from bench.dataset import Dataset
from bench.filling import Filler
from services.dcim.app import RESOURCES as DCIM
from services.ipam.app import RESOURCES as IPAM
from services.tenancy.app import RESOURCES as TENANCY
from shared.api import page_ids
from shared.query import ordering, shapes
from shared.query.pagination import Page
from shared.query.shapes import Shaped

ROWS = 2000
LISTS = [*DCIM, *IPAM, *TENANCY]
NETWORKS = ["10.0.7.0/24", "10.0.0.0/16", "10.0.7.9", "10.0.7.9/24", "fd00::/8", "4", "6", "24"]
NAMES = ["sw7.site7", "sw8.site8", "site-7", "tenant-7", "role-3", "model-3", "SN0000", "A00000007", "platform-2"]
NUMBERS = ["1", "2", "7", "8", "1,2,7", "0", "-1", "4000000000"]
WORDS = ["null", "true", "false", "%", "_", "'", "é", "2026-01-01"]
value = st.sampled_from([*NETWORKS, *NAMES, *NUMBERS, *WORDS])
values = st.one_of(value.map(lambda one: [one]), st.lists(value, min_size=1, max_size=2))


@pytest.fixture(scope="module")
def connections(make_stack):
    stack = make_stack().start()
    Dataset(ROWS).fill(Filler(stack.folder))
    apps = {each.model.app for each in LISTS}
    options = {"isolation_level": "AUTOCOMMIT", "enable_from_linting": False}  # as a service connects
    engines = {app: create_engine(stack.database_url(app), **options) for app in apps}
    opened = {app: engine.connect() for app, engine in engines.items()}
    yield opened
    for app, connection in opened.items():
        connection.close()
        engines[app].dispose()


@st.composite
def queries(draw):
    """A list, several things that the same filters narrow it to, the order and the page."""
    resource = draw(st.sampled_from(LISTS))
    names = draw(st.lists(st.sampled_from(sorted(resource.filter_table)), min_size=1, max_size=2, unique=True))
    expressions = [draw(st.sampled_from(["", "", "__n", "__empty", "__gte", "__ic", "__nisw"])) for _ in names]
    asked_for = [f"{name}{expression}" for name, expression in zip(names, expressions, strict=True)]
    chosen = [resource.filter(name) or resource.filter_table[name.partition("__")[0]] for name in asked_for]
    asked = [[each.asked(draw(values)) for each in chosen] for _ in range(4)]
    narrowed = [[found for found in every if found is not None] for every in asked]
    order = ordering.requested(resource.model, draw(st.sampled_from([[], [], ["id"], ["-id"]])))
    if resource.reorder and order is None and (keys := resource.reorder({"device_id": draw(st.sampled_from(NUMBERS))})):
        order = ordering.Ordering(resource.model, (), keys)
    page = Page(draw(st.sampled_from([1, 50, None])), draw(st.sampled_from([0, 0, 2])))
    half = resource.ordering.halves and order is None and page.limit is not None and draw(st.booleans())
    return resource, narrowed, page, order, half


@settings(max_examples=400)
@given(queries())
def test_a_kept_statement_finds_what_a_new_one_does(connections, query):
    resource, asked, page, order, half = query
    for narrowed in asked:
        compare(connections[resource.model.app], resource, narrowed, page, order, half)


def compare(connection, resource, narrowed, page, order, half) -> None:
    plain = shapes.expressions(narrowed)
    afresh = order and ordering.Ordering(resource.model, order.names, tuple(shapes.expressions(order.expressions)))
    fresh = page_ids._page(resource, plain, afresh, half)
    expected = connection.execute(fresh, {"limit": page.limit, "offset": page.offset}).all()
    assert page_ids.find(connection, resource, narrowed, page, order, half) == expected
    counted = connection.scalars(page_ids.total_of(resource, plain)).one()
    assert page_ids.total(connection, resource, narrowed) == counted


def test_a_kept_statement_is_asked_with_the_values_of_each_query(connections):
    (devices,) = [each for each in DCIM if each.path == "devices"]
    for serial in ("SN00000007", "SN00000008", "SN00000009", "none"):
        asked = devices.filter_table["serial"].asked([serial])
        assert isinstance(asked, Shaped)
        before = page_ids._compiled.cache_info()
        found = page_ids.find(connections["dcim"], devices, [asked], Page(50, 0), None, False)
        after = page_ids._compiled.cache_info()
        assert len(found) == (serial != "none")
        assert serial == "SN00000007" or (after.misses, after.hits) == (before.misses, before.hits + 1)
