"""Circuit terminations: what they change elsewhere, and how circuits and providers are found by them."""

import pytest

from tests.client import Client


@pytest.fixture(scope="module")
def api(stack):
    return Client(stack.base_url, stack.token)


@pytest.fixture(scope="module")
def ends(api):
    """Two circuits of one provider: `both` ends twice at the site, `open` nowhere; `bare` is a provider without any."""
    site = api.make("dcim/sites/", name="Ends", slug="ends")
    provider = api.make("circuits/providers/", name="Ends Ltd", slug="ends-ltd")
    bare = api.make("circuits/providers/", name="Bare Ltd", slug="bare-ltd")
    kind = api.make("circuits/circuit-types/", name="Ends type", slug="ends-type")
    terms = {"provider": provider["id"], "type": kind["id"]}
    both = api.make("circuits/circuits/", cid="both", **terms)
    open_ended = api.make("circuits/circuits/", cid="open", **terms)
    for side in "AZ":
        api.make("circuits/circuit-terminations/", circuit=both["id"], site=site["id"], term_side=side, port_speed=1000)
    return {"site": site, "provider": provider, "bare": bare, "both": both, "open": open_ended}


def test_a_site_counts_terminations(api, ends):
    _, site = api.get(f"dcim/sites/{ends['site']['id']}/")
    assert site["count_circuits"] == 2


def test_a_site_is_protected_by_its_terminations(api, ends):
    status, reply = api.delete(f"dcim/sites/{ends['site']['id']}/")
    assert status == 409
    assert {each["type"] for each in reply["dependents"]} == {"circuits.circuittermination"}


def test_circuits_and_providers_are_found_by_site(api, ends):
    assert [each["cid"] for each in api.results("circuits/circuits/", site="ends")] == ["both"]
    assert [each["slug"] for each in api.results("circuits/providers/", site="ends")] == ["ends-ltd"]
    assert [each["slug"] for each in api.results("circuits/providers/", site_id=ends["site"]["id"])] == ["ends-ltd"]


def test_null_site_means_without_a_circuit_or_with_an_open_one(api, ends):
    assert "open" in [each["cid"] for each in api.results("circuits/circuits/", site="null")]
    found = [each["slug"] for each in api.results("circuits/providers/", site="0")]
    assert {"ends-ltd", "bare-ltd"} <= set(found)


def test_every_write_of_a_termination_stamps_its_circuit(api, ends):
    def stamped():
        return api.get(f"circuits/circuits/{ends['open']['id']}/")[1]["last_updated"]

    stamps = [stamped()]
    made = api.make(
        "circuits/circuit-terminations/",
        circuit=ends["open"]["id"],
        site=ends["site"]["id"],
        term_side="A",
        port_speed=1,
        xconnect_id="XC-77",
    )
    stamps.append(stamped())
    api.patch(f"circuits/circuit-terminations/{made['id']}/", {"port_speed": 2})
    stamps.append(stamped())
    assert [each["cid"] for each in api.results("circuits/circuits/", q="xc-77")] == ["open"]
    api.delete(f"circuits/circuit-terminations/{made['id']}/")
    stamps.append(stamped())
    assert stamps == sorted(set(stamps))


def test_one_termination_a_side(api, ends):
    twice = {"circuit": ends["both"]["id"], "site": ends["site"]["id"], "term_side": "A", "port_speed": 1}
    status, reply = api.post("circuits/circuit-terminations/", twice)
    assert (status, list(reply)) == (400, ["non_field_errors"])


def test_a_side_is_found_as_it_is_written(api, ends):
    for side, found in (("A", {"A"}), ("a", set()), (["A", "Z"], {"A", "Z"})):
        assert {each["term_side"] for each in api.results("circuits/circuit-terminations/", term_side=side)} == found
