"""Today's release and a next one that knows more: upgraded one by one under load, and rolled back."""

import random

import pytest

from shared.schema.contracts import CONTRACTS
from tests.releases.filling import everything_is_fetched, fill
from tests.releases.load import load, wrong_faces
from tests.releases.mixture import PROGRAMS, Mixture
from tests.releases.next_release import FACTS
from tests.releases.trees import TODAY
from tests.running import eventually

pytestmark = pytest.mark.usefixtures("mixed")


@pytest.fixture(scope="module")
def mixture(mix) -> Mixture:
    made = mix(TODAY)
    fill(made)
    return made


def shown(mixture: Mixture) -> dict[str, set]:
    """What holders show of the facts that the next release lets them know, by the label of the type."""
    places = {
        "tenancy.tenant": ("dcim/sites/", "tenant", "description"),
        "dcim.site": ("ipam/prefixes/", "site", "facility"),
    }
    return {
        label: {each[name].get(fact, "not shown") for each in mixture.client.results(path) if each[name]}
        for label, (path, name, fact) in places.items()
    }


def test_services_are_upgraded_one_by_one_in_any_order(mixture, upcoming):
    order = random.sample(PROGRAMS, len(PROGRAMS))
    print("order:", *order)
    with load(mixture):
        for name in order:
            mixture.replace(name, upcoming, migrate=True)
            assert not wrong_faces_but_for_new_facts(mixture)
        eventually(lambda: everything_is_fetched(mixture), "every new fact is fetched")
    known = shown(mixture)
    assert {"who pays", "loaded"} <= known["tenancy.tenant"]
    assert "cellar" in known["dcim.site"]
    assert not [facts for facts in known.values() if facts & {None, "not shown"}]
    assert not wrong_faces(mixture.client)
    assert mixture.findings() == []


def wrong_faces_but_for_new_facts(mixture: Mixture) -> list[str]:
    """While releases are mixed, what is not known yet is null."""
    return [each for each in wrong_faces(mixture.client) if not each.endswith(", not None")]


def test_a_service_that_is_rolled_back_forgets_nothing_that_it_has_to_know_later(mixture, upcoming):
    """A change that came while dcim was of the release before is there when it is of the next one again."""
    client = mixture.client
    tenant = next(each for each in client.results("tenancy/tenants/") if each["description"] == "who pays")
    mixture.replace("dcim", TODAY)
    assert client.patch(f"tenancy/tenants/{tenant['id']}/", {"description": "who pays now"})[0] == 200
    assert shown(mixture)["tenancy.tenant"] == {"not shown"}
    assert mixture.findings() == []
    mixture.replace("dcim", upcoming)
    eventually(lambda: "who pays now" in shown(mixture)["tenancy.tenant"], "dcim catches up")
    eventually(lambda: everything_is_fetched(mixture), "everything is fetched")
    assert mixture.findings() == []


def test_an_owner_that_is_rolled_back_is_asked_again_once_it_publishes_more(mixture, upcoming):
    client = mixture.client
    mixture.replace("tenancy", TODAY)
    tenant = client.make("tenancy/tenants/", name="Newcomer", slug="newcomer", description="from before")
    client.make("dcim/sites/", name="Newcomer", slug="newcomer", tenant=tenant["id"])
    assert None in shown(mixture)["tenancy.tenant"]
    mixture.replace("tenancy", upcoming)
    eventually(lambda: "from before" in shown(mixture)["tenancy.tenant"], "dcim fetches what it lacks")
    eventually(lambda: everything_is_fetched(mixture), "everything is fetched")
    assert mixture.findings() == []


def test_the_facts_of_the_next_release_are_new():
    assert not [label for label, fact in FACTS.items() if fact in CONTRACTS[label].facts]
