from ipaddress import IPv4Interface, IPv6Interface, ip_interface, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ipam.address_syntax import canonical, parse_address, parse_network

addresses = st.ip_addresses()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("::/0", "::/0"),
        ("2000::/3", "2000::/3"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("10.9.0.0/255.255.0.0", "10.9.0.0/16"),
        ("10.9.0.0/0.0.255.255", "10.9.0.0/16"),
        ("2001:db8::/ffff:ffff::", "2001:db8::/32"),
        ("10/8", "10.0.0.0/8"),
        ("192.168/16", "192.168.0.0/16"),
        (" 10.1.0.0/16 ", "10.1.0.0/16"),
        ("10.0.0.0", "10.0.0.0/32"),
        ("10.1", "10.1.0.0/32"),
        ("2001:DB8::00A", "2001:db8::a/128"),
    ],
)
def test_a_network_is_read_in_every_common_way(written, meant):
    assert parse_network(written) == ip_network(meant)
    assert canonical(parse_network(written)) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10.0.0.1", "10.0.0.1/32"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.0.0.255/24", "10.0.0.255/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8::00A/64", "2001:db8::a/64"),
        ("10.0.0.1/24 ", "10.0.0.1/24"),
        ("10.0.0.1/255.255.255.0", "10.0.0.1/24"),
        ("::ffff:192.0.2.1/128", "::ffff:192.0.2.1/128"),
        ("\t::1\n", "::1/128"),
    ],
)
def test_an_address_keeps_its_mask(written, meant):
    assert parse_address(written) == ip_interface(meant)
    assert canonical(parse_address(written)) == meant


@pytest.mark.parametrize("parse", [parse_network, parse_address])
@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("", "blank"),
        ("  \t", "blank"),
        (167772161, "as text"),
        (10.1, "as text"),
        (True, "as text"),
        (None, "as text"),
        (["10.0.0.0/8"], "as text"),
        ("10.0.0.0/" + "8" * 100, "at most 91 characters"),
        ("nonsense", "not a valid"),
        ("bad", "not a valid"),
        ("10.0.0.0/33", "not a valid"),
        ("10.0.0.1/33", "not a valid"),
        ("::/129", "not a valid"),
        ("10.0.0.0/-1", "not a valid"),
        ("10.0.0.0/+8", "not a valid"),
        ("10.0.0.0/ 8", "not a valid"),
        ("10.0.0.0/1_6", "not a valid"),
        ("10.0.0.0/٨", "not a valid"),
        ("10.0.0.0/255.0.255.0", "not a valid"),
        ("10.0.0.0/8/8", "not a valid"),
        ("10.0.0.0/", "not a valid"),
        ("/8", "not a valid"),
        ("10.0.0.0/ffff::", "not a valid"),
        ("1.2.3.4.5", "not a valid"),
        ("300", "not a valid"),
        ("0x0a.0.0.1", "not a valid"),
        ("fe80::1%eth0", "not a valid"),
        ("10.0.0.0\x00/8", "not a valid"),
        ("10.0.0.0/8\x00", "not a valid"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(parse, written, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse(written)


@pytest.mark.parametrize(
    ("written", "network"),
    [("10.0.0.1/8", "10.0.0.0/8"), ("11.0.0.1/8", "11.0.0.0/8"), ("2001:db8::1/64", "2001:db8::/64")],
)
def test_host_bits_are_refused_with_the_network_that_was_meant(written, network):
    with pytest.raises(ValueError, match=f"host bits set. Did you mean the prefix {network}"):
        parse_network(written)
    assert parse_network(written, strict=False) == ip_network(network)


@given(st.text() | st.text(alphabet="0123456789abcdef:./ ", max_size=100))
def test_any_text_is_an_address_or_a_value_error(text):
    try:
        assert isinstance(parse_address(text), IPv4Interface | IPv6Interface)
    except ValueError as error:
        assert type(error) is ValueError


@given(addresses, st.data())
def test_what_is_written_canonically_reads_back_the_same(address, data):
    interface = ip_interface((address, data.draw(st.integers(0, address.max_prefixlen))))
    assert parse_address(canonical(interface)) == interface
    assert parse_network(canonical(interface), strict=False) == interface.network
