"""Ansible with the collection netbox.netbox, in a release of 2022 and in today's: the inventory, and modules."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.config import surroundings
from tests.client import Client
from tests.clients import demo
from tests.environments import Environment, environment
from tests.running import Stack

GROUP_BY = (
    *("sites", "region", "tenants", "device_roles", "device_types", "manufacturers", "platforms", "racks"),
    *("rack_group", "rack_role", "cluster", "cluster_type", "is_virtual", "services"),
)
ROUTER = "dmi01-akron-rtr01"


@dataclass
class Ansible:
    """One release of Ansible and its collection, used on a stack."""

    netbox: str  # the release of the collection
    environment: Environment
    stack: Stack
    home: Path

    def inventory(self, **options) -> tuple[dict, str]:
        """What `ansible-inventory --list` says with these `options` of the plugin, and its warnings."""
        told = {"plugin": "netbox.netbox.nb_inventory", "api_endpoint": self.stack.base_url, "token": self.stack.token}
        source = self.home / "netbox.yml"
        source.write_text(json.dumps(told | {"config_context": False} | options))
        done = self._run("ansible-inventory", "--list", "-i", source)
        assert not done.returncode, done.stderr
        return json.loads(done.stdout), " ".join(done.stderr.split())

    def play(self, *tasks: dict) -> list[dict]:
        """The results of tasks, one after the other, whether they fail or not."""
        results = self.home / "results.json"
        numbered = [{**task, "register": f"task_{number}", "ignore_errors": True} for number, task in enumerate(tasks)]
        everything = ", ".join(f"task_{number}" for number in range(len(tasks)))
        written = {
            "copy": {"dest": str(results), "content": f"{{{{ [{everything}] | to_json }}}}"},
            "check_mode": False,
        }
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [*numbered, written]}
        book = self.home / "play.yml"
        book.write_text(json.dumps([play]))
        done = self._run("ansible-playbook", "-e", f"ansible_python_interpreter={self.environment.python}", book)
        assert not done.returncode, done.stdout + done.stderr
        return json.loads(results.read_text())

    def task(self, module: str, data: dict, state: str = "present", **more) -> dict:
        """A task of the collection's module `netbox_<module>`."""
        told = {"netbox_url": self.stack.base_url, "netbox_token": self.stack.token, "data": data, "state": state}
        return {f"netbox.netbox.netbox_{module}": told, **more}

    def _run(self, program: str, *arguments: object) -> subprocess.CompletedProcess:
        collections = {f"ANSIBLE_COLLECTIONS_{name}": str(self.environment.folder) for name in ("PATH", "PATHS")}
        own = {"HOME": str(self.home), "NO_PROXY": "127.0.0.1", "ANSIBLE_PIPELINING": "true", "COLUMNS": "10000"}
        settings = surroundings() | collections | own
        started = self.environment.python, "-P", self.environment.folder / "bin" / program
        command = [str(each) for each in (*started, *arguments)]
        return subprocess.run(command, cwd=self.home, env=settings, capture_output=True, text=True)


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., Stack]) -> Stack:
    """A stack with the demo inventory, and a machine that offers something."""
    running = make_stack().start()
    api = Client(running.base_url, running.token)
    demo.load(api)
    kind = api.make("virtualization/cluster-types/", name="KVM", slug="kvm")
    cluster = api.make("virtualization/clusters/", name="akron", type=kind["id"])
    machine = api.make("virtualization/virtual-machines/", name="akron-vm1", cluster=cluster["id"], memory=2048)
    api.make("ipam/services/", name="ssh", virtual_machine=machine["id"], port=22, protocol=6)
    router = api.results("dcim/devices/", name=ROUTER)[0]
    port = api.results("dcim/interfaces/", device_id=router["id"], name="xe-0/0/7")[0]
    address = api.make("ipam/ip-addresses/", address="10.9.8.7/24", interface=port["id"])
    assert api.patch(f"dcim/devices/{router['id']}/", {"primary_ip4": address["id"]})[0] == 200
    return running


@pytest.fixture
def api(stack: Stack) -> Client:
    return Client(stack.base_url, stack.token)


@pytest.fixture(params=["3.21.0 with ansible-2.19", "3.7.1 with ansible-2.13"])
def ansible(request: pytest.FixtureRequest, stack: Stack, tmp_path: Path) -> Ansible:
    netbox, _, name = request.param.split()
    if name == "ansible-2.13" and sys.version_info >= (3, 12):
        pytest.skip("ansible-core 2.13 runs on Python 3.11 and older")
    return Ansible(netbox, environment(name), stack, tmp_path)


@pytest.fixture
def port_of_machine(api: Client) -> Iterator[dict]:
    machine = api.results("virtualization/virtual-machines/", name="akron-vm1")[0]
    port = api.make("virtualization/interfaces/", name="eth0", virtual_machine=machine["id"])
    yield port
    assert api.delete(f"virtualization/interfaces/{port['id']}/")[0] == 204


def test_the_inventory_has_groups_and_variables_of_every_host(ansible: Ansible, api: Client) -> None:
    found, _ = ansible.inventory(interfaces=True, services=True, prefixes=True, site_data=True, group_by=GROUP_BY)
    devices = api.results("dcim/devices/", limit=0)
    hosts = found["_meta"]["hostvars"]
    assert len(hosts) == len(devices) + 1
    assert {each["name"] for each in devices if each["name"]} <= hosts.keys()
    assert sum(len(each["interfaces"]) for each in hosts.values()) == api.get("dcim/interfaces/")[1]["count"] > 1000

    router = hosts[ROUTER]
    assert _plain(router["ansible_host"]) == "10.9.8.7"
    assert _plain(router["regions"]) == ["us-oh", "us", "north-america"]
    assert [_plain(each["slug"]) for each in router["sites"]] == ["dm-akron"]
    prefixes = api.results("ipam/prefixes/", site="dm-akron")
    assert {_plain(each["prefix"]) for each in router["sites"][0]["prefixes"]} == {each["prefix"] for each in prefixes}
    assert _plain(router["tenants"]) == ["dunder-mifflin"] and _plain(router["platforms"]) == ["cisco-ios"]
    on = {_plain(each["name"]): _plain(each["ip_addresses"]) for each in router["interfaces"]}
    assert [each["address"] for each in on["xe-0/0/7"]] == ["10.9.8.7/24"] and on["xe-0/0/8"] == []
    machine = hosts["akron-vm1"]
    assert (machine["is_virtual"], machine["memory"], _plain(machine["cluster"])) == (True, 2048, "akron")
    assert [_plain(each["name"]) for each in machine["services"]] == ["ssh"]

    assert ROUTER in found["device_roles_router"]["hosts"] and ROUTER in found["sites_dm-akron"]["hosts"]
    assert found["region_us-oh"]["children"] == ["sites_dm-akron"]
    assert found["is_virtual"]["hosts"] == found["cluster_akron"]["hosts"] == found["service_ssh"]["hosts"]


def test_the_inventory_is_narrowed_by_filters_that_the_document_has(ansible: Ansible) -> None:
    filters = {"query_filters": [{"site": "dm-akron"}], "device_query_filters": [{"role": "router"}, {"stats": 1}]}
    found, warnings = ansible.inventory(fetch_all=False, interfaces=True, **filters)
    assert found["_meta"]["hostvars"].keys() == {ROUTER}
    assert len(found["_meta"]["hostvars"][ROUTER]["interfaces"]) == demo.PORTS
    assert "stats not in" in warnings


def test_interfaces_of_machines_need_fetch_all_to_be_off(ansible: Ansible, port_of_machine: dict) -> None:
    """NetBox 2.3 lists them among the interfaces of devices, and the inventory reads the device of each of those."""
    found, warnings = ansible.inventory(interfaces=True)
    assert not found["_meta"].get("hostvars") and "'NoneType' object is not subscriptable" in warnings
    found, _ = ansible.inventory(interfaces=True, fetch_all=False)
    assert [_plain(each["name"]) for each in found["_meta"]["hostvars"]["akron-vm1"]["interfaces"]] == ["eth0"]
    assert len(found["_meta"]["hostvars"][ROUTER]["interfaces"]) == demo.PORTS


def test_statuses_are_numbers_which_do_not_make_names_of_groups(ansible: Ansible) -> None:
    found, warnings = ansible.inventory(group_by=["status"])
    assert not found["_meta"].get("hostvars") and "expected str instance" in warnings


def test_modules_make_change_and_remove(ansible: Ansible, api: Client) -> None:
    port = {"device": "acme-1", "name": "Vlan100"}
    wanted: list[tuple[str, dict]] = [
        ("tenant", {"name": "Acme", "slug": "acme"}),
        ("site", {"name": "Acme HQ", "slug": "acme-hq", "status": "active", "tenant": "Acme"}),
        ("vlan", {"name": "acme", "vid": 100, "site": "Acme HQ", "tenant": "Acme", "status": "active"}),
        ("prefix", {"prefix": "198.51.100.0/24", "site": "Acme HQ", "status": "active", "vlan": {"name": "acme"}}),
        (
            "device",
            {
                "name": "acme-1",
                "site": "Acme HQ",
                "device_type": "c9200-48p",
                "device_role": "Router",
                "status": "active",
            },
        ),
        ("device_interface", {**port, "enabled": True, "mtu": 9000}),
        ("ip_address", {"address": "198.51.100.1/24", "status": "active", "interface": port}),
    ]
    present = [ansible.task(module, data) for module, data in wanted]
    absent = [ansible.task(module, data, "absent") for module, data in reversed(wanted)]
    moved = ansible.task("site", {"name": "Acme HQ", "facility": "Cellar"})
    checked, *made = ansible.play({**present[0], "check_mode": True}, *present)
    assert checked["changed"] and "created" in checked["msg"]
    assert [each["changed"] for each in made] == [True] * len(wanted), made
    address = api.results("ipam/ip-addresses/", q="198.51.100.1")[0]
    assert (address["interface"]["name"], address["interface"]["device"]["name"]) == ("Vlan100", "acme-1")
    assert api.results("ipam/prefixes/", q="198.51.100.0/24")[0]["vlan"]["vid"] == 100

    *again, checked, changed, looked = ansible.play(
        *present, {**moved, "check_mode": True}, moved, {**absent[0], "check_mode": True}
    )
    assert [each["changed"] for each in again] == [False] * len(wanted), again
    assert [each.get("failed", False) for each in again[:-1]] == [False] * (len(wanted) - 1), again
    # It compares with attributes that NetBox has since 2.9. The address is as it was.
    repeated = ansible.netbox == "3.7.1" or "assigned_object_id does not exist" in again[-1]["msg"]
    assert repeated, again[-1]
    assert checked["changed"] and checked["diff"]["after"] == {"facility": "Cellar"}
    assert changed["changed"] and api.results("dcim/sites/", slug="acme-hq")[0]["facility"] == "Cellar"
    assert looked["changed"] and api.results("ipam/ip-addresses/", q="198.51.100.1")

    removed = ansible.play(*absent)
    assert [each["changed"] for each in removed] == [True] * len(wanted), removed
    assert api.get("dcim/sites/", slug="acme-hq")[1]["count"] == 0


def _plain(value):
    """`value` without what Ansible marks texts with that came from elsewhere."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return value["__ansible_unsafe"] if "__ansible_unsafe" in value else {k: _plain(v) for k, v in value.items()}
    return value
