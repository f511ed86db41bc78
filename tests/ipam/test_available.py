"""Free prefixes and addresses: what is offered, what is allocated, and how little is read to find it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_interface

import pynetbox
import pytest
from sqlalchemy import create_engine, insert, text
from sqlalchemy.orm import Session

from services.ipam.address_space import free_addresses
from services.ipam.allocated import Pool, used_stretches
from services.ipam.app import ip_addresses, prefixes
from services.ipam.available import MOST_SHOWN
from tests.client import Client

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def make_prefix(api, vrf):
    def make(prefix, **more):
        return api.make("ipam/prefixes/", **{"prefix": prefix, "vrf": vrf["id"], **more})

    return make


def free(api, prefix, what, **parameters):
    status, reply = api.get(f"ipam/prefixes/{prefix['id']}/available-{what}/", **parameters)
    assert status == 200, reply
    return [each.get("address") or each["prefix"] for each in reply]


def take(api, prefix, what, body):
    return api.post(f"ipam/prefixes/{prefix['id']}/available-{what}/", body)


@pytest.mark.parametrize(
    ("prefix", "is_pool", "offered"),
    [
        ("10.0.0.0/30", False, ["10.0.0.1/30", "10.0.0.2/30"]),
        ("10.0.0.0/30", True, ["10.0.0.0/30", "10.0.0.1/30", "10.0.0.2/30", "10.0.0.3/30"]),
        ("10.0.0.0/31", False, ["10.0.0.0/31", "10.0.0.1/31"]),
        ("2001:db8::/126", False, ["2001:db8::1/126", "2001:db8::2/126", "2001:db8::3/126"]),
        ("2001:db8::/127", False, ["2001:db8::/127", "2001:db8::1/127"]),
    ],
)
def test_which_addresses_are_offered(api, make_prefix, prefix, is_pool, offered):
    assert free(api, make_prefix(prefix, is_pool=is_pool), "ips") == offered


def test_addresses_are_shown_up_to_a_page_or_all_when_asked(api, make_prefix):
    prefix = make_prefix("10.0.0.0/20")
    assert len(free(api, prefix, "ips")) == 50
    assert len(free(api, prefix, "ips", limit="garbage")) == 50
    assert len(free(api, prefix, "ips", limit=7)) == 7
    assert len(free(api, prefix, "ips", limit=999999)) == 1000
    assert len(free(api, prefix, "ips", limit=0)) == len(free(api, prefix, "ips", limit=-1)) == 4094


@pytest.mark.parametrize("huge", ["10.0.0.0/8", "2001:db8::/64"])
def test_all_of_a_huge_prefix_is_never_shown(api, make_prefix, huge):
    assert len(free(api, make_prefix(huge), "ips", limit=0)) == MOST_SHOWN


def test_the_mask_of_an_address_does_not_matter_but_its_space_does(api, make_prefix, vrf, open_vrf):
    pool = make_prefix("10.0.0.0/30")
    api.make("ipam/ip-addresses/", address="10.0.0.1/8", vrf=vrf["id"])
    api.make("ipam/ip-addresses/", address="10.0.0.2/30", vrf=open_vrf["id"])
    assert free(api, pool, "ips") == ["10.0.0.2/30"]


def test_a_container_of_the_global_table_sees_every_space(api, vrf):
    container = api.make("ipam/prefixes/", prefix="10.250.0.0/30", status=0)
    active = api.make("ipam/prefixes/", prefix="10.250.0.0/30", status=1)
    api.make("ipam/ip-addresses/", address="10.250.0.1/30", vrf=vrf["id"])
    assert free(api, container, "ips") == ["10.250.0.2/30"]
    assert free(api, active, "ips") == ["10.250.0.1/30", "10.250.0.2/30"]


def test_the_last_addresses_of_a_family_are_offered_too(api, make_prefix, vrf):
    pool = make_prefix("255.255.255.252/30", is_pool=True)
    api.make("ipam/ip-addresses/", address="255.255.255.255/30", vrf=vrf["id"])
    api.make("ipam/ip-addresses/", address="255.255.255.253/30", vrf=vrf["id"])
    assert free(api, pool, "ips") == ["255.255.255.252/30", "255.255.255.254/30"]


def test_addresses_are_allocated_all_or_none(api, make_prefix):
    pool = make_prefix("10.0.0.0/29")
    status, made = take(api, pool, "ips", [{"description": "a"}, {"description": "b", "address": "1.2.3.4"}])
    assert status == 201
    assert [each["address"] for each in made] == ["10.0.0.1/29", "10.0.0.2/29"]
    status, reply = take(api, pool, "ips", [{}] * 5)
    assert (status, list(reply)) == (400, ["detail"])
    status, reply = take(api, pool, "ips", [{}, {"status": 99}])
    assert (status, reply[0], list(reply[1])) == (400, {}, ["status"])
    status, reply = take(api, pool, "ips", [{}, 5])
    assert (status, reply[0], list(reply[1])) == (400, {}, ["non_field_errors"])
    assert take(api, pool, "ips", []) == (201, [])
    null = api.request("POST", f"ipam/prefixes/{pool['id']}/available-ips/", data="null", headers=JSON)
    assert (null.status_code, list(null.json())) == (400, ["non_field_errors"])
    assert len(free(api, pool, "ips")) == 4


def test_prefixes_are_packed_into_the_lowest_free_blocks(api, make_prefix):
    parent = make_prefix("10.0.0.0/24")
    make_prefix("10.0.0.0/26")
    assert free(api, parent, "prefixes") == ["10.0.0.64/26", "10.0.0.128/25"]
    status, made = take(api, parent, "prefixes", [{"prefix_length": length} for length in (28, 26, 28)])
    assert status == 201
    assert [each["prefix"] for each in made] == ["10.0.0.64/28", "10.0.0.128/26", "10.0.0.80/28"]


@pytest.mark.parametrize("length", [None, "26", 26.0, True, -1, 33, 20, 32])
def test_a_length_that_cannot_be_had_is_refused(api, make_prefix, length):
    parent = make_prefix("10.0.0.0/24")
    status, _ = take(api, parent, "prefixes", [{"prefix_length": 26}, {"prefix_length": length}])
    assert status == 400
    assert free(api, parent, "prefixes") == ["10.0.0.0/24"]


def test_a_whole_prefix_is_handed_out_once(api, open_vrf):
    parent = api.make("ipam/prefixes/", prefix="10.0.0.0/24", vrf=open_vrf["id"])
    assert take(api, parent, "prefixes", {"prefix_length": 24})[0] == 201
    assert take(api, parent, "prefixes", {"prefix_length": 24})[0] == 400


def test_an_unknown_prefix_has_no_space(api):
    for what in ("ips", "prefixes"):
        assert api.get(f"ipam/prefixes/999999/available-{what}/")[0] == 404
        assert take(api, {"id": 999999}, what, {"prefix_length": 24})[0] == 404
        assert take(api, {"id": "x"}, what, {})[0] == 404


def test_anonymous_callers_only_look(api, make_prefix):
    nobody, prefix = Client(api.base_url), make_prefix("10.0.0.0/30")
    assert len(free(nobody, prefix, "ips")) == 2
    assert take(nobody, prefix, "ips", {})[0] == take(nobody, prefix, "prefixes", {"prefix_length": 31})[0] == 403


def test_a_client_of_today_allocates(stack, make_prefix):
    netbox = pynetbox.api(stack.base_url, token=stack.token)
    prefix = netbox.ipam.prefixes.get(make_prefix("10.0.0.0/24")["id"])
    assert prefix.available_prefixes.create({"prefix_length": 28}).prefix == "10.0.0.0/28"
    assert str(prefix.available_ips.create({"description": "by pynetbox"})) == "10.0.0.1/24"
    assert [each.address for each in prefix.available_ips.create([{}, {}])] == ["10.0.0.2/24", "10.0.0.3/24"]


def test_the_first_free_address_is_found_by_reading_a_few_rows(stack, make_prefix, vrf):
    """However many addresses lie behind it, in a network of any size."""
    make_prefix("10.0.0.0/8")
    odd = [{"address": f"10.{i >> 15}.{i >> 7 & 255}.{i * 2 % 256 + 1}/8", "vrf_id": vrf["id"]} for i in range(20000)]
    engine = create_engine(stack.database_url("ipam"))
    with Session(engine) as session:
        session.execute(
            insert(ip_addresses.model.__table__), [{"status": 1, "description": "", **each} for each in odd]
        )
        session.commit()
        session.execute(text("ANALYZE ipam_ipaddress"))
        pool = Pool.of(prefixes.model(prefix="10.0.0.0/8", vrf_id=vrf["id"], status=1, is_pool=False))
        found = list(free_addresses(pool.network, used_stretches(session, pool), limit=3))
        read = session.scalar(
            text(
                "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables"
                " WHERE relname = 'ipam_ipaddress'"
            )
        )
    engine.dispose()
    assert list(map(str, found)) == ["10.0.0.2", "10.0.0.4", "10.0.0.6"]
    assert read < 1000


def take_patiently(client, prefix, what, body):
    """As `take`, coming back when told that too many came at once."""
    while (reply := take(client, prefix, what, body))[0] == 503:
        time.sleep(1)
    return reply


def at_once(requests):
    """What the calls return that are all made at the same moment."""
    start = threading.Barrier(len(requests))

    def call(request):
        start.wait()
        return request()

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(call, requests))


def test_two_hundred_clients_get_two_hundred_addresses_or_hear_that_none_is_left(api, make_client, open_vrf):
    """In a space that takes duplicates, where nothing but the allocation itself keeps them apart."""
    pool = api.make("ipam/prefixes/", prefix="10.0.0.0/25", vrf=open_vrf["id"])
    clients = [make_client() for _ in range(200)]
    replies = at_once([lambda client=client: take_patiently(client, pool, "ips", {}) for client in clients])
    given = [reply["address"] for status, reply in replies if status == 201]
    assert len(set(given)) == len(given) == 126
    assert [status for status, _ in replies if status != 201] == [400] * 74


def test_allocations_from_overlapping_prefixes_do_not_collide(api, make_client, open_vrf):
    outer = api.make("ipam/prefixes/", prefix="10.0.0.0/24", vrf=open_vrf["id"])
    inner = api.make("ipam/prefixes/", prefix="10.0.0.0/25", vrf=open_vrf["id"])
    replies = at_once([lambda pool=pool: take(make_client(), pool, "ips", {}) for pool in [outer, inner] * 15])
    hosts = [ip_interface(reply["address"]).ip for status, reply in replies]
    assert len(set(hosts)) == 30


def test_prefixes_allocated_at_once_do_not_overlap(api, make_client, open_vrf):
    parent = api.make("ipam/prefixes/", prefix="10.0.0.0/24", vrf=open_vrf["id"])
    body = {"prefix_length": 28}
    replies = at_once([lambda: take(make_client(), parent, "prefixes", body)] * 24)
    given = [reply["prefix"] for status, reply in replies if status == 201]
    assert len(set(given)) == len(given) == 16


@pytest.mark.parametrize(
    ("path", "body"),
    [("ip-addresses", {"address": "10.0.0.{}/24"}), ("prefixes", {"prefix": "10.{}.0.0/16"})],
)
def test_of_two_that_create_the_same_at_once_one_does(make_client, vrf, path, body):
    for number in range(10):
        item = {name: text.format(number) for name, text in body.items()} | {"vrf": vrf["id"]}
        replies = at_once([lambda item=item: make_client().post(f"ipam/{path}/", item)] * 2)
        assert sorted(status for status, _ in replies) == [201, 400]
        assert [list(reply) for status, reply in replies if status == 400] == [["non_field_errors"]]


def test_allocating_and_creating_at_once_do_not_collide(make_client, vrf, make_prefix):
    pool = make_prefix("10.0.0.0/24")

    def create(number):
        item = {"address": f"10.0.0.{number}/24", "vrf": vrf["id"]}
        return make_client().post("ipam/ip-addresses/", item)

    def allocate():
        return take(make_client(), pool, "ips", {})

    replies = at_once([lambda number=number: create(number) for number in range(1, 16)] + [allocate] * 15)
    hosts = [ip_interface(reply["address"]).ip for status, reply in replies if status == 201]
    assert len(set(hosts)) == len(hosts) >= 15
    assert {status for status, _ in replies[15:]} == {201}
