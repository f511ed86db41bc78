"""After a kill: what of a request was done, by what is there."""

from hypothesis import given
from hypothesis import strategies as st

from moving.catalogue import Kind
from moving.recovering import matched
from moving.rows import Row
from moving.state import Sending
from tests.moving.properties import BOUNDED

KIND = Kind(
    "ipam/ip-addresses",
    "ipam.ipaddress",
    {
        "address": {},
        "vrf": {"nullable": True},
        "description": {},
        "status": {"x-choices": [{"value": 1, "label": "A"}]},
    },
    required=frozenset({"address"}),
    references={"vrf": "ipam.vrf"},
)
bodies = st.fixed_dictionaries(
    {"address": st.sampled_from(["10.0.0.1/8", "2001:DB8::1/64"]), "vrf": st.none() | st.integers(1, 2)},
    optional={"description": st.sampled_from(["", "x", " x"])},
)


def sendings(sent: list[dict]) -> list[Sending]:
    return [Sending(Row(KIND.path, number, body), body, False) for number, body in enumerate(sent)]


def shown(pk: int, body: dict) -> dict:
    """An object as it is read: nested, its texts as the API keeps them."""
    return {
        "id": pk,
        "address": body["address"].lower(),
        "vrf": body["vrf"] and {"id": body["vrf"], "name": "x"},
        "description": body.get("description", "").strip(),
        "status": {"value": 1, "label": "A"},
    }


@given(st.lists(bodies, max_size=6), st.lists(bodies, max_size=3))
@BOUNDED
def test_what_was_done_is_found_though_others_wrote_meanwhile(sent, others):
    there = [shown(pk, body) for pk, body in enumerate([*others, *sent], 100)]
    found = matched(KIND, sendings(sent), there)
    assert None not in found and len(set(found)) == len(sent)
    by_id = {face["id"]: face for face in there}
    for body, pk in zip(sent, found, strict=True):
        assert by_id[pk]["address"] == body["address"].lower()
        assert (by_id[pk]["vrf"] or {}).get("id") == body["vrf"]


@given(st.lists(bodies, max_size=6))
@BOUNDED
def test_what_was_not_done_is_not_found(sent):
    there = [shown(pk, body | {"address": "192.0.2.1/24"}) for pk, body in enumerate(sent, 1)]
    assert matched(KIND, sendings(sent), there) == [None] * len(sent)
    assert matched(KIND, sendings(sent), []) == [None] * len(sent)
