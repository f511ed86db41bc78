from ipaddress import IPv4Address, IPv6Address, collapse_addresses, ip_address, ip_network
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ipam.address_space import NoRoom, first_fit, free_addresses, free_prefixes

PARENTS = ["10.0.0.0/24", "10.0.1.128/27", "0.0.0.0/28", "255.255.255.0/28", "2001:db8::/120", "::/125"]
EDGES = [
    "10.0.0.8/29",
    "10.0.0.8/30",
    "10.0.0.8/31",
    "10.0.0.8/32",
    "2001:db8::/126",
    "2001:db8::/127",
    "::1/128",
]
EDGES_AND_PARENTS = [ip_network(text) for text in PARENTS + EDGES]


def by_place(network):
    return (network.network_address, network.prefixlen)


@st.composite
def subnets(draw, parent):
    """One network inside `parent`, maybe the parent itself."""
    length = draw(st.integers(parent.prefixlen, parent.max_prefixlen))
    index = draw(st.integers(0, 2 ** (length - parent.prefixlen) - 1))
    start = int(parent.network_address) + (index << (parent.max_prefixlen - length))
    return type(parent)((start, length))


@st.composite
def parents_with_children(draw):
    parent = ip_network(draw(st.sampled_from(PARENTS)))
    return parent, sorted(draw(st.lists(subnets(parent), max_size=8)), key=by_place)


def brute_force_free(parent, taken):
    """The largest free networks, by striking out one address after another."""
    used = set(chain.from_iterable(taken))
    return list(collapse_addresses(address for address in parent if address not in used))


@given(parents_with_children())
def test_free_prefixes_are_the_largest_that_no_child_touches(parent_with_children):
    parent, children = parent_with_children
    assert list(free_prefixes(parent, children)) == brute_force_free(parent, children)


def test_an_empty_parent_is_free_as_a_whole():
    everything = ip_network("0.0.0.0/0")
    assert list(free_prefixes(everything, [])) == [everything]


def test_a_child_that_covers_the_parent_leaves_nothing():
    assert list(free_prefixes(ip_network("10.1.0.0/16"), [ip_network("10.0.0.0/8")])) == []


@given(parents_with_children(), st.data())
def test_first_fit_is_the_lowest_free_block_that_holds_each(parent_with_children, data):
    parent, children = parent_with_children
    lengths = data.draw(st.lists(st.integers(parent.prefixlen, parent.max_prefixlen), max_size=5))
    expected, taken = [], list(children)
    for index, length in enumerate(lengths):
        block = next((b for b in brute_force_free(parent, taken) if b.prefixlen <= length), None)
        if block is None:
            with pytest.raises(NoRoom) as no_room:
                first_fit(parent, children, lengths)
            assert (no_room.value.index, no_room.value.length) == (index, length)
            return
        expected.append(next(block.subnets(new_prefix=length)))
        taken.append(expected[-1])
    assert first_fit(parent, children, lengths) == expected


def test_small_requests_pack_together():
    parent = ip_network("192.168.0.0/24")
    children = [ip_network("192.168.0.0/26"), ip_network("192.168.0.64/26"), ip_network("192.168.0.128/28")]
    assert list(map(str, first_fit(parent, children, [28, 26, 28]))) == [
        "192.168.0.144/28",
        "192.168.0.192/26",
        "192.168.0.160/28",
    ]


def test_a_request_larger_than_the_parent_has_no_room():
    with pytest.raises(NoRoom):
        first_fit(ip_network("10.0.0.0/24"), [], [20])


@pytest.mark.parametrize("length", [-1, 33])
def test_an_impossible_length_is_an_error(length):
    with pytest.raises(ValueError, match="between 0 and 32"):
        first_fit(ip_network("10.0.0.0/24"), [], [length])


def brute_force_hosts(parent, used, is_pool):
    hosts = list(parent)
    if not is_pool and len(hosts) > 2:
        hosts = hosts[1:-1] if parent.version == 4 else hosts[1:]
    return [host for host in hosts if host not in used]


@given(st.sampled_from(EDGES_AND_PARENTS), st.booleans(), st.none() | st.integers(0, 300), st.data())
def test_free_addresses_are_the_lowest_hosts_that_nobody_uses(parent, is_pool, limit, data):
    around = st.integers(
        max(0, int(parent.network_address) - 3),
        min(2**parent.max_prefixlen - 1, int(parent.broadcast_address) + 3),
    )
    address = type(parent.network_address)
    used = sorted(address(host) for host in data.draw(st.lists(around, max_size=40)))
    found = list(free_addresses(parent, zip(used, used, strict=True), limit, is_pool))
    assert found == brute_force_hosts(parent, set(used), is_pool)[:limit]


@pytest.mark.parametrize(
    ("parent", "is_pool", "hosts"),
    [
        ("10.0.0.0/30", False, ["10.0.0.1", "10.0.0.2"]),
        ("10.0.0.0/30", True, ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3"]),
        ("10.0.0.0/31", False, ["10.0.0.0", "10.0.0.1"]),
        ("10.0.0.7/32", False, ["10.0.0.7"]),
        ("2001:db8::/126", False, ["2001:db8::1", "2001:db8::2", "2001:db8::3"]),
        ("2001:db8::/126", True, ["2001:db8::", "2001:db8::1", "2001:db8::2", "2001:db8::3"]),
        ("2001:db8::/127", False, ["2001:db8::", "2001:db8::1"]),
        ("2001:db8::7/128", False, ["2001:db8::7"]),
    ],
)
def test_which_hosts_a_prefix_offers(parent, is_pool, hosts):
    assert list(free_addresses(ip_network(parent), [], is_pool=is_pool)) == list(map(ip_address, hosts))


@pytest.mark.parametrize(
    ("parent", "expected"),
    [("10.0.0.0/8", IPv4Address("10.0.0.2")), ("2001:db8::/64", IPv6Address("2001:db8::2"))],
)
def test_used_hosts_are_drawn_only_as_far_as_needed(parent, expected):
    network = ip_network(parent)
    drawn = iter([(network[host], network[host]) for host in (1, 3, 5)])
    assert list(free_addresses(network, drawn, limit=1)) == [expected]
    assert list(drawn) == [(network[5], network[5])]


def test_a_stretch_of_used_hosts_is_skipped_as_a_whole():
    network = ip_network("10.0.0.0/8")
    stretches = [(network[0], network[2**23]), (network[2**23 + 2], network[-1])]
    assert list(free_addresses(network, stretches)) == [network[2**23 + 1]]


def test_free_addresses_end_where_the_parent_does():
    beyond = repeat((ip_address("10.0.1.0"), ip_address("10.0.1.0")))
    assert len(list(free_addresses(ip_network("10.0.0.0/24"), beyond))) == 254


def test_a_huge_parent_is_never_listed():
    huge = ip_network("::/0")
    child = ip_network("8000::/1")
    assert list(free_prefixes(huge, [child])) == [ip_network("::/1")]
    assert first_fit(huge, [child], [128, 64]) == [ip_network("::/128"), ip_network("0:0:0:1::/64")]
    assert list(free_addresses(huge, [], limit=1)) == [ip_address("::1")]
