"""The order of an undo: each object after what it refers to, and gone before what it referred to goes."""

from hypothesis import given
from hypothesis import strategies as st

from services.extras.undoing.ordering import Deed, Link, Node, as_told, steps

SERVICES = ("dcim", "ipam", "tenancy")


def node(key, do="create", refers=(), held=(), requested=True, state=None) -> Node:
    return Node(key, do, requested, list(refers), list(held), state or {}, {}, {})


def done(nodes) -> list[Deed]:
    return [deed for _, deeds in steps(nodes) for deed in deeds]


@st.composite
def plans(draw) -> list[Node]:
    """Objects of which strong references go round in no circle, and weak ones anywhere."""
    number = draw(st.integers(1, 12))
    keys = [(f"{draw(st.sampled_from(SERVICES))}.thing", pk) for pk in range(number)]
    making = draw(st.booleans())
    found = []
    for place, key in enumerate(keys):
        strong = draw(st.lists(st.sampled_from(keys[:place]), max_size=3, unique=True)) if place else []
        weak = draw(st.lists(st.sampled_from(keys), max_size=3, unique=True))
        links = [Link(f"strong_{pk}", (label, pk), True) for label, pk in strong]
        links += [Link(f"weak_{pk}", (label, pk), False) for label, pk in weak]
        state = {each.attribute: each.key[1] for each in links}
        requested = draw(st.booleans())
        found.append(
            node(key, "create", links, (), requested, state) if making else node(key, "delete", (), links, requested)
        )
    return draw(st.permutations(found))


@given(plans())
def test_everything_is_done_once_and_in_an_order_that_references_allow(nodes):
    deeds = done(nodes)
    assert sorted(each.node.key for each in deeds if not each.later) == sorted(each.key for each in nodes)
    place = {each.node.key: at for at, each in enumerate(deeds) if not each.later}
    turn = {each.node.key: each.turn for each in deeds if not each.later}
    for at, deed in enumerate(deeds):
        if deed.later:
            assert place[deed.node.key] < at
        for link in deed.node.refers:
            if link.key != deed.node.key and (deed.later or link.attribute not in deed.without):
                # Made before, and not in the same breath.
                assert place[link.key] < at and turn[link.key] < deed.turn
        for link in deed.node.held:
            if link.strong:
                assert at < place[link.key]
    left_out = [each.node.key for each in deeds if each.without and not each.later]
    assert sorted(left_out) == sorted(each.node.key for each in deeds if each.later)


@given(plans())
def test_a_step_is_of_one_service_and_the_next_of_another(nodes):
    found = steps(nodes)
    assert all(deed.node.service == service for service, deeds in found for deed in deeds)
    assert all(one[0] != other[0] for one, other in zip(found, found[1:], strict=False))


def test_a_circle_is_opened_where_a_reference_may_be_null():
    device, port, address = ("dcim.device", 1), ("dcim.interface", 2), ("ipam.ipaddress", 3)
    nodes = [
        node(device, refers=[Link("primary_ip4", address, False)], state={"primary_ip4": 3, "name": "sw1"}),
        node(port, refers=[Link("device", device, True)]),
        node(address, refers=[Link("interface", port, True)]),
    ]
    assert [(service, [each.node.key for each in deeds]) for service, deeds in steps(nodes)] == [
        ("dcim", [device, port]),
        ("ipam", [address]),
        ("dcim", [device]),
    ]
    first, *_, last = (as_told(each, set()) for each in done(nodes))
    assert (first["do"], first["state"]) == ("create", {"primary_ip4": None, "name": "sw1"})
    assert (last["do"], last["values"], last["unsettled"]) == ("update", {"primary_ip4": 3}, ["primary_ip4"])


def test_what_was_asked_for_comes_before_what_followed_from_it():
    rack, device = ("dcim.rack", 1), ("dcim.device", 2)
    nodes = [node(device, "update", requested=False), node(rack, "update")]
    assert [each.node.key for each in done(nodes)] == [rack, device]


def test_what_no_order_allows_is_done_all_the_same():
    one, other = ("dcim.thing", 1), ("dcim.thing", 2)
    nodes = [node(one, refers=[Link("a", other, True)]), node(other, refers=[Link("a", one, True)])]
    assert {each.node.key for each in done(nodes)} == {one, other}
