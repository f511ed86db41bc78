"""Aggregates: none covers another."""

import pytest


@pytest.fixture(scope="module")
def rir(api):
    return api.make("ipam/rirs/", name="Overlap RIR", slug="overlap-rir")["id"]


def test_aggregates_lie_side_by_side(api, rir):
    made = api.make("ipam/aggregates/", prefix="100.64.0.0/11", rir=rir)
    for prefix in ("100.64.0.0/11", "100.64.0.0/12", "100.64.0.0/10"):
        status, reply = api.post("ipam/aggregates/", {"prefix": prefix, "rir": rir})
        assert (status, list(reply)) == (400, ["non_field_errors"])
    assert api.patch(f"ipam/aggregates/{made['id']}/", {"prefix": "100.64.0.0/10"})[0] == 200
    status, reply = api.post("ipam/aggregates/", [{"prefix": each, "rir": rir} for each in ("101.0.0.0/8", "101.1/16")])
    assert (status, reply[0], list(reply[1])) == (400, {}, ["non_field_errors"])


@pytest.mark.parametrize("prefix", ["", "100.0.0.1/8", "x", 7, None])
def test_what_is_no_network_is_refused_by_name(api, rir, prefix):
    status, reply = api.post("ipam/aggregates/", {"prefix": prefix, "rir": rir})
    assert (status, list(reply)) == (400, ["prefix"])


def test_q_finds_the_aggregate_around_an_address(api, rir):
    api.make("ipam/aggregates/", prefix="102.0.0.0/8", rir=rir, description="Africa")
    for q in ("102.3.4.5", "102.0.0.0/8", "africa"):
        assert [each["prefix"] for each in api.results("ipam/aggregates/", q=q)] == ["102.0.0.0/8"]
    assert [each["prefix"] for each in api.results("ipam/aggregates/", family=4, q="102.1/16")] == ["102.0.0.0/8"]


def test_an_aggregate_protects_its_rir(api, rir):
    api.make("ipam/aggregates/", prefix="103.0.0.0/8", rir=rir)
    assert api.delete(f"ipam/rirs/{rir}/")[0] == 409
