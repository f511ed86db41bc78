"""nornir_netbox 0.3.0: Nornir's inventory of devices and virtual machines, with groups made of what they refer to."""

from tests.dcim.equipment import Equipment
from tests.environments import environment


def load(channel, url, token, name):
    from nornir_netbox.plugins.inventory.netbox import NetBoxInventory2

    inventory = NetBoxInventory2(url, token, include_vms=True, use_platform_slug=True, filter_parameters={"q": name})
    found = inventory.load()
    channel.send(
        {
            name: {
                "hostname": host.hostname,
                "groups": sorted(group.name for group in host.groups),
                "status": host.data["status"]["label"],
            }
            for name, host in found.hosts.items()
        }
    )


def test_it_lists_devices_and_machines_with_their_groups(stack, api):
    site = api.make("dcim/sites/", name="Nornir", slug="nornir")
    device = Equipment(api).make_device(name="nornir-1", site=site["id"])
    kind = api.make("virtualization/cluster-types/", name="Nornir", slug="nornir")
    cluster = api.make("virtualization/clusters/", name="Nornir", type=kind["id"])
    machine = api.make("virtualization/virtual-machines/", name="nornir-2", cluster=cluster["id"])
    port = api.make("virtualization/interfaces/", name="eth0", virtual_machine=machine["id"])
    address = api.make("ipam/ip-addresses/", address="192.0.2.77/24", interface=port["id"])
    primary = {"primary_ip4": address["id"]}
    assert api.patch(f"virtualization/virtual-machines/{machine['id']}/", primary)[0] == 200

    found = environment("nornir-netbox").run(load, stack, name="nornir-")
    shown = api.get(f"dcim/devices/{device['id']}/")[1]
    groups = {
        f"device_role__{shown['device_role']['slug']}",
        f"device_type__{shown['device_type']['slug']}",
        f"manufacturer__{shown['device_type']['manufacturer']['slug']}",
        "site__nornir",
    }
    assert found == {
        "nornir-1": {"hostname": "nornir-1", "groups": sorted(groups), "status": "Active"},
        "nornir-2": {"hostname": "192.0.2.77", "groups": [], "status": "Active"},
    }
