"""Clusters and machines of unique names, beside equipment of dcim."""

from itertools import count

import pytest

from tests.client import Client
from tests.dcim.equipment import Equipment

numbers = count(1)


class Machines:
    """Clusters, machines, interfaces and addresses, made through the API."""

    def __init__(self, api: Client):
        self.api = api
        self.type = api.make("virtualization/cluster-types/", name="Machines", slug="machines")

    def make_cluster(self, **given) -> dict:
        name = f"cluster-{next(numbers)}"
        return self.api.make("virtualization/clusters/", **({"name": name, "type": self.type["id"]} | given))

    def make_machine(self, cluster: dict | None = None, **given) -> dict:
        wanted = {"name": f"vm-{next(numbers)}", "cluster": (cluster or self.make_cluster())["id"]}
        return self.api.make("virtualization/virtual-machines/", **(wanted | given))

    def make_interface(self, machine: dict | None = None, **given) -> dict:
        wanted = {"virtual_machine": (machine or self.make_machine())["id"], "name": f"eth{next(numbers)}"}
        return self.api.make("virtualization/interfaces/", **(wanted | given))

    def make_address(self, interface: dict | None = None, family: int = 4, **given) -> dict:
        number = next(numbers)
        text = f"2001:db8:5::{number:x}/64" if family == 6 else f"10.77.{number // 250}.{1 + number % 250}/16"
        on = {"interface": interface["id"]} if interface else {}
        return self.api.make("ipam/ip-addresses/", address=text, **on, **given)


@pytest.fixture(scope="session")
def machines(api) -> Machines:
    return Machines(api)


@pytest.fixture(scope="session")
def equipment(api) -> Equipment:
    return Equipment(api)
