"""At size, no list walks a whole table: the plans that PostgreSQL makes over a filled stack."""

import re
from typing import Any

import pytest
from sqlalchemy import create_engine

from bench.dataset import Dataset
from bench.filling import Filler
from services.dcim.app import RESOURCES as DCIM
from services.ipam.app import RESOURCES as IPAM
from shared.api import page_ids
from shared.db.database import PLANNING
from shared.query.pagination import Page
from tests.speed.statements import heard

ROWS = 50_000
LISTS = {f"{each.app}/{each.path}": each for each in (*DCIM, *IPAM)}
BIG = {
    "dcim": re.compile(r"Seq Scan on (dcim_interface|dcim_device)\b"),
    "ipam": re.compile(r"Seq Scan on (ipam_ipaddress|ipam_prefix|dcim_interface)\b"),
}
FILTERS = {
    "dcim/devices": ["name=sw7.site7", "site=site-7", "rack_id=7", "serial=SN00000007", "asset_tag=A00000007"],
    "dcim/interfaces": ["device_id=7", "device=sw7.site7", "mac_address=02:00:00:00:00:07"],
    "ipam/ip-addresses": ["parent=10.0.7.0/24", "address=10.0.7.1", "interface_id=7", "tenant=tenant-7"],
    "ipam/prefixes": ["contains=10.0.7.9", "within=10.0.7.0/22", "site=site-7", "tenant=tenant-7"],
}
# What is of one object and much: its first rows are the first of an index.
LONG = {
    "dcim/devices": ["site=site-7", "tenant_id=7", "role=role-3", "device_type_id=7"],
    "ipam/ip-addresses": ["tenant=tenant-7", "vrf_id=3"],
    "ipam/prefixes": ["site_id=7", "tenant=tenant-7", "role=role-3"],
}


@pytest.fixture(scope="module")
def filled(make_stack):
    stack = make_stack().start()
    Dataset(ROWS).fill(Filler(stack.folder))
    return stack


def plan_of(stack, resource, query: str) -> str:
    """The plan of one page of 50, asked for as a service does."""
    narrowed = [resource.filter_table[name].asked([value]) for name, _, value in [query.partition("=")] if name]
    engine = create_engine(
        stack.database_url(resource.app),
        connect_args={"options": " ".join(f"-c {name}={value}" for name, value in PLANNING.items())},
    )
    sent: list[tuple[str, Any]] = []
    with heard(engine, lambda *asked: sent.append(asked)), engine.connect() as connection:
        page_ids.find(connection, resource, narrowed, Page(50, 0), None, resource.ordering.halves)
        sql, values = sent[-1]
        lines = connection.exec_driver_sql(f"EXPLAIN {sql}", values).scalars().all()
    return "\n".join(lines)


@pytest.mark.parametrize("name", FILTERS)
def test_a_first_page_needs_no_walk_through_the_table(filled, name):
    plan = plan_of(filled, LISTS[name], "")
    assert not BIG[LISTS[name].app].search(plan), plan


@pytest.mark.parametrize(("name", "query"), [(name, query) for name, queries in FILTERS.items() for query in queries])
def test_a_filter_has_an_index(filled, name, query):
    plan = plan_of(filled, LISTS[name], query)
    assert not BIG[LISTS[name].app].search(plan), plan


@pytest.mark.parametrize(("name", "query"), [(name, query) for name, queries in LONG.items() for query in queries])
def test_what_is_of_one_object_is_neither_sorted_nor_counted(filled, name, query):
    plan = plan_of(filled, LISTS[name], query)
    scans = re.findall(rf"Scan using \w+ on {LISTS[name].model.__tablename__}\b", plan)
    assert "Sort" not in plan and len(scans) == 1, plan
