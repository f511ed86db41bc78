"""What tests of undo need: a request to undo another, and objects of several services that hang together."""

import requests

from tests.client import Client
from tests.factories import Factory, url

PATH = "extras/object-changes/"

# Objects as they are shown, by type and id.
World = dict[tuple[str, int], dict | None]


def read(api: Client, label: str, pk: int) -> dict | None:
    """An object as it is shown, without when it was changed last; None if there is none.

    A webhook comes back without its secret, which is kept nowhere else.
    """
    status, face = api.get(f"{url(label)}{pk}/")
    if status == 404:
        return None
    assert status == 200, face
    return {name: value for name, value in face.items() if name not in ("last_updated", "has_secret")}


def undo(api: Client, reply: requests.Response, **query: object) -> dict:
    """What undoing a request answers, which must be accepted."""
    undone = tried(api, reply, **query)
    assert undone.status_code == 200, undone.text
    return undone.json()


def tried(api: Client, reply: requests.Response, **query: object) -> requests.Response:
    """The reply to undoing a request, by the reply to that."""
    return api.request("POST", f"{PATH}revert/", {"request_id": reply.headers["X-Request-ID"]}, params=query)


def ok(reply: requests.Response) -> requests.Response:
    assert reply.status_code < 300, reply.text
    return reply


def world(api: Client, factory: Factory) -> World:
    """Objects of several services that go with one device, or lose what they had, and what they are."""
    device, vlan = factory.make("dcim.device"), factory.make("ipam.vlan")
    lag = factory.make("dcim.interface", device=device["id"], form_factor=200)
    port = factory.make(
        "dcim.interface", device=device["id"], lag=lag["id"], mode=200, tagged_vlans=[vlan["id"]], form_factor=1000
    )
    address = factory.make("ipam.ipaddress", interface=port["id"], address="198.51.100.7/24")
    inside = factory.make("ipam.ipaddress", interface=lag["id"], nat_inside=address["id"])
    service = factory.make("ipam.service", device=device["id"], ipaddresses=[address["id"]])
    assert api.patch(f"dcim/devices/{device['id']}/", {"primary_ip4": address["id"]})[0] == 200
    other = factory.make("dcim.interface", form_factor=1000)
    cable = factory.make("dcim.interfaceconnection", interface_a=port["id"], interface_b=other["id"])
    items = factory.make("dcim.inventoryitem", device=device["id"])
    part = factory.make("dcim.inventoryitem", device=device["id"], parent=items["id"])
    made = {
        "dcim.device": [device],
        "dcim.interface": [lag, port, other],
        "ipam.ipaddress": [address, inside],
        "ipam.service": [service],
        "dcim.interfaceconnection": [cable],
        "dcim.inventoryitem": [items, part],
    }
    keys = [(label, each["id"]) for label, some in made.items() for each in some]
    return {key: read(api, *key) for key in keys}
