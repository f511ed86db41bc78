"""The tree of prefixes, with what is free between them."""

from ipaddress import collapse_addresses, ip_network

from hypothesis import given
from hypothesis import strategies as st

from services.ipam.prefix_tree import tree

PARENT = ip_network("10.0.0.0/24")
SUBNETS = [subnet for length in range(25, 31) for subnet in PARENT.subnets(new_prefix=length)]
prefixes = st.lists(st.sampled_from(SUBNETS), min_size=1, max_size=12).map(
    lambda found: [(network, place) for place, network in enumerate(sorted(found), 1)]
)


@given(prefixes)
def test_every_prefix_is_there_once_in_order(inside):
    assert [(each.network, each.pk) for each in tree(PARENT, inside) if each.pk] == inside


@given(prefixes)
def test_what_is_at_the_top_and_what_is_free_there_fill_the_parent(inside):
    top = [each.network for each in tree(PARENT, inside) if each.depth == 0]
    assert list(collapse_addresses(top)) == [PARENT]


@given(prefixes)
def test_what_is_free_overlaps_no_prefix_beside_it(inside):
    found = list(tree(PARENT, inside))
    taken = [network for network, _ in inside]
    for free in (each for each in found if each.pk is None):
        around = [network for network in taken if free.network.subnet_of(network)]
        assert len({*around}) == free.depth
        assert not any(network.overlaps(free.network) for network in taken if network not in around)


@given(prefixes)
def test_each_lies_in_the_prefix_that_it_is_below(inside):
    above: list = []
    for each in tree(PARENT, inside):
        above = above[: each.depth]
        assert not above or each.network.subnet_of(above[-1])
        above.append(each.network)


def test_a_prefix_that_holds_no_other_has_no_tree():
    assert list(tree(PARENT, [])) == []
