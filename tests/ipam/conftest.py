"""What the tests of ipam share: spaces of their own, so that none sees the addresses of another."""

from itertools import count

import pytest

from tests.client import Client

numbers = count(1)


@pytest.fixture(scope="session")
def make_client(stack):
    """Makes clients with connections of their own."""
    return lambda: Client(stack.base_url, stack.token)


@pytest.fixture
def vrf(api):
    """A new VRF whose addresses must be unique."""
    return api.make("ipam/vrfs/", name="space", rd=f"64999:{next(numbers)}")


@pytest.fixture
def open_vrf(api):
    """A new VRF that takes duplicates."""
    return api.make("ipam/vrfs/", name="open", rd=f"64998:{next(numbers)}", enforce_unique=False)


@pytest.fixture(scope="session")
def device_type(api):
    maker = api.make("dcim/manufacturers/", name="Ipam maker", slug="ipam-maker")
    return api.make("dcim/device-types/", manufacturer=maker["id"], model="Ipam model", slug="ipam-model")


@pytest.fixture(scope="session")
def make_interface(api, device_type):
    """Makes an interface on a device of its own; `interface["device"]` is the id of that."""
    site = api.make("dcim/sites/", name="Ipam site", slug="ipam-site")
    role = api.make("dcim/device-roles/", name="Ipam role", slug="ipam-role", color="ff0000")

    def make():
        device = api.make(
            "dcim/devices/",
            name=f"ipam-{next(numbers)}",
            device_type=device_type["id"],
            device_role=role["id"],
            site=site["id"],
        )
        return api.make("dcim/interfaces/", device=device["id"], name="eth0")

    return make
