"""Something of every type, for releases to show each other, and how far they are with that."""

from tests.factories import BY_LABEL, NOT_BY_JSON, Factory, url
from tests.releases.mixture import Mixture


def fill(mixture: Mixture) -> None:
    """One object of every type that is there, and one of each of which a next release lets others know more."""
    factory = Factory(mixture.client)
    for label in sorted(BY_LABEL):
        is_made = "POST" in BY_LABEL[label].methods and label not in NOT_BY_JSON
        if is_made and mixture.client.get(url(label))[0] == 200:  # the last release has not every type of today
            factory.make(label)
    tenant = factory.make("tenancy.tenant", description="who pays")
    site = factory.make("dcim.site", tenant=tenant["id"], facility="cellar")
    vlan = factory.make("ipam.vlan", site=site["id"], tenant=tenant["id"], description="wires")
    factory.make("ipam.prefix", site=site["id"], tenant=tenant["id"], vlan=vlan["id"])
    factory.make("virtualization.cluster", site=site["id"])


def everything_is_fetched(mixture: Mixture) -> bool:
    """Whether no replica lacks a fact that its owner publishes, and nothing is set aside."""
    states = [state for owners in mixture.owners().values() for state in owners.values()]
    return not any(state["fetching"] or state["set_aside"] for state in states)
