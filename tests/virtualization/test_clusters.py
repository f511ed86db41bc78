"""Clusters: the sites of their hosts, and what keeps or loses them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client import Client
from tests.dcim.equipment import Equipment
from tests.virtualization.conftest import Machines

ELSEWHERE = "Some of the devices in this cluster are at another site."


@pytest.fixture
def site(equipment) -> dict:
    return equipment.make_site()


def test_a_cluster_gets_a_site_only_if_all_its_hosts_are_there(api, machines, equipment, site):
    cluster = machines.make_cluster()
    path = f"virtualization/clusters/{cluster['id']}/"
    host = equipment.make_device(cluster=cluster["id"])
    assert api.patch(path, {"site": site["id"]}) == (400, {"non_field_errors": [ELSEWHERE]})
    assert api.patch(f"dcim/devices/{host['id']}/", {"site": site["id"]})[0] == 200
    assert api.patch(path, {"site": site["id"]})[0] == 200
    assert api.patch(f"dcim/devices/{host['id']}/", {"site": equipment.site["id"]})[0] == 400


def test_a_host_and_a_site_that_come_at_once_do_not_contradict_each_other(api, stack, machines, equipment, site):
    """Whoever is second is told; each round is one race."""

    def at_once(client: Client, path: str, body: dict) -> int:
        return client.patch(path, body)[0]

    clients = [Client(stack.base_url, stack.token) for _ in range(2)]
    for number in range(8):
        cluster, device = machines.make_cluster(), equipment.make_device()
        if number % 2:  # dcim knows every other cluster before
            other = equipment.make_device(cluster=cluster["id"])
            assert api.delete(f"dcim/devices/{other['id']}/")[0] == 204
        with ThreadPoolExecutor(2) as pool:
            joined = pool.submit(at_once, clients[0], f"dcim/devices/{device['id']}/", {"cluster": cluster["id"]})
            moved = pool.submit(at_once, clients[1], f"virtualization/clusters/{cluster['id']}/", {"site": site["id"]})
            assert sorted((joined.result(), moved.result())) == [200, 400]


def test_a_site_cannot_be_given_while_dcim_is_away(make_stack):
    own_stack = make_stack().start()
    own_api = Client(own_stack.base_url, own_stack.token)
    machines, equipment = Machines(own_api), Equipment(own_api)
    hosted, empty = machines.make_cluster(site=equipment.site["id"]), machines.make_cluster()
    equipment.make_device(cluster=hosted["id"])
    with own_stack.without("dcim"):
        assert own_api.patch(f"virtualization/clusters/{hosted['id']}/", {"site": None})[0] == 200
        assert own_api.patch(f"virtualization/clusters/{hosted['id']}/", {"site": equipment.site["id"]})[0] == 503
        assert own_api.patch(f"virtualization/clusters/{empty['id']}/", {"site": equipment.site["id"]})[0] == 200
    assert own_api.patch(f"virtualization/clusters/{hosted['id']}/", {"site": equipment.site["id"]})[0] == 200


def test_what_a_cluster_needs_or_holds_protects_or_lets_go(api, machines, equipment, site):
    group = api.make("virtualization/cluster-groups/", name="Held", slug="held")
    cluster = machines.make_cluster(site=site["id"], group=group["id"])
    machine = machines.make_machine(cluster)
    path = f"virtualization/clusters/{cluster['id']}/"
    held = (f"dcim/sites/{site['id']}/", f"virtualization/cluster-groups/{group['id']}/", path)
    for each, dependent in zip(held, (cluster, cluster, machine), strict=True):
        status, reply = api.delete(each)
        assert status == 409
        assert dependent["url"] in [one["url"] for one in reply["dependents"]]
    assert api.delete(f"virtualization/virtual-machines/{machine['id']}/")[0] == 204
    host = equipment.make_device(site=site["id"], cluster=cluster["id"])
    assert api.get(f"dcim/devices/{host['id']}/")[1]["cluster"]["name"] == cluster["name"]
    assert api.delete(path)[0] == 204
    assert api.get(f"dcim/devices/{host['id']}/")[1]["cluster"] is None
