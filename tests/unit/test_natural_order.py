from hypothesis import example, given
from hypothesis import strategies as st

from shared.schema.natural_order import name_key, number_part, port_key, text_part

NAMES_IN_ORDER = [
    "01x", "2site", "5", "10site", "A", "Site2", "Site 11", "a9b", "site1", "site10", "site", "site-1-2",
    "zz",
]  # fmt: skip

names = st.text(max_size=64) | st.text(alphabet="019aZ -~!\x01\x02\x03\n", max_size=24)


def in_byte_order(keys):
    return sorted(keys, key=str.encode)


def order_of(name):
    """The order by its definition: each number None last, the text by code point."""
    without_leading = name.lstrip("0123456789")
    middle = without_leading.rstrip("0123456789")
    leading = name[: len(name) - len(without_leading)][:9]
    trailing = (without_leading[len(middle) :] if without_leading else name)[-9:]
    return (not leading, int(leading or 0), middle, not trailing, int(trailing or 0))


def test_names_sort_as_in_the_reference():
    backwards = NAMES_IN_ORDER[::-1]
    assert sorted(backwards, key=lambda name: name_key(name).encode()) == NAMES_IN_ORDER


def test_names_that_read_alike_have_the_same_key():
    assert name_key("01x") == name_key("1x")


def test_a_missing_name_has_no_key():
    assert name_key(None) is None


def test_of_a_long_number_the_outermost_nine_digits_count():
    assert name_key("1234567890rack") == name_key("123456789rack")
    assert name_key("rack1234567890") == name_key("rack234567890")


@given(names, names)
@example("a", "a\x01")
@example("a1", "a\x02")
@example("~", "1")
def test_keys_compare_as_the_names_do(first, second):
    keys = name_key(first).encode(), name_key(second).encode()
    assert (keys[0] < keys[1]) == (order_of(first) < order_of(second))
    assert (keys[0] == keys[1]) == (order_of(first) == order_of(second))


@given(st.lists(names))
def test_sorting_is_stable_and_total(some_names):
    assert sorted(some_names, key=name_key) == sorted(some_names, key=order_of)
    assert in_byte_order(map(name_key, some_names)) == sorted(map(name_key, some_names))


@given(st.text(alphabet="\x00\x01\x02\x03a", max_size=8))
def test_a_key_holds_no_nul(name):
    assert "\x00" not in name_key(name)


@given(st.none() | st.integers(0, 999_999_999), st.none() | st.integers(0, 999_999_999))
def test_number_parts_sort_numerically_with_none_last(first, second):
    def order(number):
        return (number is None, number or 0)

    assert (number_part(first) < number_part(second)) == (order(first) < order(second))


@given(names, names)
def test_a_text_part_sorts_before_a_missing_one_and_by_code_point(first, second):
    assert (text_part(first) < text_part(second)) == (first < second)
    assert text_part(first) < text_part(None)


def test_ports_sort_by_their_number():
    assert sorted(["p10", "p2", "con", "p1"], key=port_key) == ["con", "p1", "p2", "p10"]


def test_a_port_number_is_padded_to_eight_digits_and_cut_after_them():
    assert port_key("port 7") == "port 00000007"
    assert port_key("p123456789") == "p12345678"
    assert port_key("1a") == "1a"


@given(st.text(alphabet="ab-", max_size=5), st.integers(0, 99_999_999), st.integers(0, 99_999_999))
def test_ports_of_one_kind_sort_numerically(kind, first, second):
    assert (port_key(f"{kind}{first}") < port_key(f"{kind}{second}")) == (first < second)
