import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.dcim.interfaces.order import InterfaceName, name_key, position_key

BY_POSITION = [
    "ge-0/0/0", "ge-0/0/1.20", "ge-0/0/1.100", "ge-0/0/1:1", "ge-0/0/1:2", "xe-0/0/2", "xe-0/0/10",
    "GigabitEthernet0/1", "xe-0/1/0", "GigabitEthernet0/2", "GigabitEthernet0/10", "ge-1/0/0",
    "GigabitEthernet1/0/1", "GigabitEthernet1/0/2", "1/1", "Et1/1/1/1", "Et1/1/1/2", "1/2/3/4", "A", "Vlan2",
    "Vlan100", "eth0", "eth1", "eth10", "eth0.5", "lo0", "lo10", "management", "mgmt1", "1", "10",
    "123456789012", "2",
]  # fmt: skip
BY_NAME = [
    "A", "Et1/1/1/1", "Et1/1/1/2", "GigabitEthernet0/1", "GigabitEthernet0/2", "GigabitEthernet0/10",
    "GigabitEthernet1/0/1", "GigabitEthernet1/0/2", "Vlan2", "Vlan100", "eth0", "eth1", "eth10", "eth0.5",
    "ge-0/0/0", "ge-0/0/1.20", "ge-0/0/1.100", "ge-0/0/1:1", "ge-0/0/1:2", "ge-1/0/0", "lo0", "lo10",
    "management", "mgmt1", "xe-0/0/2", "xe-0/0/10", "xe-0/1/0", "1/1", "1/2/3/4", "1", "10",
    "123456789012", "2",
]  # fmt: skip

interface_names = st.text(max_size=64) | st.text(alphabet="019/:.-ae\x01\n", max_size=16)


def nulls_last(value):
    return (value is None, "" if value is None else value)


def by_position(name):
    n = InterfaceName.parse(name)
    return (nulls_last(n.slot), n.subslot, n.position, n.subposition, n.channel, nulls_last(n.type),
            n.virtual_circuit, nulls_last(n.id), n.name)  # fmt: skip


def by_name(name):
    n = InterfaceName.parse(name)
    return (nulls_last(n.type), nulls_last(n.slot), n.subslot, n.position, n.subposition, n.channel,
            n.virtual_circuit, nulls_last(n.id), n.name)  # fmt: skip


@pytest.mark.parametrize(("key", "expected"), [(position_key, BY_POSITION), (name_key, BY_NAME)])
def test_names_sort_as_in_the_reference(key, expected):
    backwards = expected[::-1]
    assert sorted(backwards, key=lambda name: key(name).encode()) == expected


@pytest.mark.parametrize(
    ("name", "type_", "place", "channel", "virtual_circuit", "id_"),
    [
        ("xe-0/1/2:3.100", "xe-", (0, 1, 2, 0), 3, 100, None),
        ("Et1/2/3/4", "Et", (1, 2, 3, 4), 0, 0, None),
        ("1/2/3/4/5", None, (1, 2, 3, 4), 0, 0, None),
        ("Vlan20", "Vlan", (None, 0, 0, 0), 0, 0, 20),
        ("20", None, (None, 0, 0, 0), 0, 0, None),
        ("management", "management", (None, 0, 0, 0), 0, 0, None),
        ("Po1/", "Po", (1, 0, 0, 0), 0, 0, None),
        ("a b0.7", "a b", (None, 0, 0, 0), 0, 7, None),
        ("Gi1234567890/1", "Gi", (None, 0, 0, 0), 0, 0, None),
        ("Gi1/1234567890", "Gi", (1, 123456789, 0, 0), 0, 0, None),
        ("ge-0/x/1", "ge-", (0, 0, 0, 0), 0, 0, None),
    ],
)
def test_a_name_is_read_part_by_part(name, type_, place, channel, virtual_circuit, id_):
    parsed = InterfaceName.parse(name)
    assert parsed == InterfaceName(name, type_, *place, channel, virtual_circuit, id_)


@pytest.mark.parametrize(("key", "order"), [(position_key, by_position), (name_key, by_name)])
@given(first=interface_names, second=interface_names)
@example(first="a\x01", second="a")
def test_keys_compare_as_the_names_do(key, order, first, second):
    keys = key(first).encode(), key(second).encode()
    assert (keys[0] < keys[1]) == (order(first) < order(second))
    assert (keys[0] == keys[1]) == (first == second)


@given(interface_names)
def test_a_key_holds_no_nul(name):
    assert "\x00" not in position_key(name) + name_key(name)
