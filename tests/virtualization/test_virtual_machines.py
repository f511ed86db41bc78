"""Virtual machines: their addresses, their services, and what is deleted with them or keeps them."""

import pytest

PATH = "virtualization/virtual-machines/"


def test_a_primary_address_is_of_its_family_and_on_an_interface_of_the_machine(api, machines):
    machine = machines.make_machine()
    port, other = machines.make_interface(machine), machines.make_interface()
    refused = {
        "primary_ip4": (machines.make_address(), machines.make_address(other), machines.make_address(port, 6)),
        "primary_ip6": (machines.make_address(port),),
    }
    for name, addresses in refused.items():
        for address in addresses:
            status, reply = api.patch(f"{PATH}{machine['id']}/", {name: address["id"]})
            assert (status, list(reply)) == (400, [name])
    inside = machines.make_address(port)
    outside = machines.make_address(nat_inside=inside["id"])
    for address in (inside, outside):
        assert api.patch(f"{PATH}{machine['id']}/", {"primary_ip4": address["id"]})[0] == 200
    assert api.get(f"{PATH}{machine['id']}/")[1]["primary_ip"]["address"] == outside["address"]


def test_a_primary_address_that_moves_away_is_let_go(api, machines):
    machine = machines.make_machine()
    port = machines.make_interface(machine)
    by_address, by_port = machines.make_address(machines.make_interface(machine)), machines.make_address(port, 6)
    chosen = {"primary_ip4": by_address["id"], "primary_ip6": by_port["id"]}
    assert api.patch(f"{PATH}{machine['id']}/", chosen)[0] == 200
    elsewhere = machines.make_interface()
    assert api.patch(f"ipam/ip-addresses/{by_address['id']}/", {"interface": elsewhere["id"]})[0] == 200
    other = machines.make_machine()
    assert api.patch(f"virtualization/interfaces/{port['id']}/", {"virtual_machine": other["id"]})[0] == 200
    shown = api.get(f"{PATH}{machine['id']}/")[1]
    assert (shown["primary_ip4"], shown["primary_ip6"]) == (None, None)


def test_an_interface_takes_its_addresses_to_another_machine(api, machines):
    port = machines.make_interface()
    machine, address = machines.make_machine(), machines.make_address(port)
    body = {"primary_ip4": address["id"]}
    assert api.patch(f"{PATH}{machine['id']}/", body)[0] == 400
    assert api.patch(f"virtualization/interfaces/{port['id']}/", {"virtual_machine": machine["id"]})[0] == 200
    assert api.patch(f"{PATH}{machine['id']}/", body)[0] == 200
    assert api.results("ipam/ip-addresses/", virtual_machine=machine["name"])[0]["id"] == address["id"]


def test_a_service_is_of_a_device_or_a_machine_and_on_addresses_of_its_own(api, machines, equipment):
    machine, device = machines.make_machine(), equipment.make_device()
    own, other = machines.make_address(machines.make_interface(machine)), machines.make_address()
    service = {"name": "ssh", "port": 22, "protocol": 6}
    of_machine = service | {"virtual_machine": machine["id"]}
    for wrong in (service, of_machine | {"device": device["id"]}):
        status, reply = api.post("ipam/services/", wrong)
        assert (status, list(reply)) == (400, ["non_field_errors"])
    status, reply = api.post("ipam/services/", of_machine | {"ipaddresses": [own["id"], other["id"]]})
    assert (status, list(reply)) == (400, ["ipaddresses"])
    made = api.make("ipam/services/", **of_machine, ipaddresses=[own["id"]])
    assert api.patch(f"ipam/services/{made['id']}/", {"virtual_machine": None, "device": device["id"]})[0] == 400


def test_a_new_name_is_seen_everywhere(api, machines):
    machine = machines.make_machine()
    port = machines.make_interface(machine)
    address = machines.make_address(port)
    service = api.make("ipam/services/", name="x", port=1, protocol=6, virtual_machine=machine["id"])
    for name in ("renamed once", "renamed twice"):
        assert api.patch(f"{PATH}{machine['id']}/", {"name": name})[0] == 200
        shown = (
            api.get(f"virtualization/interfaces/{port['id']}/")[1],
            api.get(f"ipam/ip-addresses/{address['id']}/")[1]["interface"],
            api.get(f"ipam/services/{service['id']}/")[1],
        )
        assert {each["virtual_machine"]["name"] for each in shown} == {name}
        assert [each["id"] for each in api.results("ipam/ip-addresses/", virtual_machine=name)] == [address["id"]]
        assert [each["id"] for each in api.results("ipam/services/", virtual_machine=name)] == [service["id"]]


def test_all_of_a_machine_goes_with_it(api, stack, machines):
    machine = machines.make_machine()
    port = machines.make_interface(machine)
    first, second = machines.make_address(port), machines.make_address(port, 6)
    service = api.make(
        "ipam/services/", name="x", port=1, protocol=6, virtual_machine=machine["id"], ipaddresses=[first["id"]]
    )
    api.patch(f"{PATH}{machine['id']}/", {"primary_ip4": first["id"], "primary_ip6": second["id"]})
    assert api.delete(f"ipam/ip-addresses/{second['id']}/")[0] == 204
    shown = api.get(f"{PATH}{machine['id']}/")[1]
    assert (shown["primary_ip6"], shown["primary_ip"]["id"]) == (None, first["id"])
    assert api.delete(f"{PATH}{machine['id']}/")[0] == 204
    gone = (f"virtualization/interfaces/{port['id']}/", f"dcim/interfaces/{port['id']}/")
    for path in (*gone, f"ipam/ip-addresses/{first['id']}/", f"ipam/services/{service['id']}/"):
        assert api.get(path)[0] == 404, path
    audit = stack.run("audit")
    assert audit.returncode == 0, audit.stdout


@pytest.mark.parametrize(("name", "path"), [("role", "dcim/device-roles/"), ("tenant", "tenancy/tenants/")])
def test_its_role_and_its_tenant_stay(api, machines, name, path):
    color = {"color": "aabbcc"} if name == "role" else {}
    wanted = api.make(path, name=f"Of machines {name}", slug=f"of-machines-{name}", **color)
    machine = machines.make_machine(**{name: wanted["id"]})
    status, reply = api.delete(f"{path}{wanted['id']}/")
    assert (status, reply["dependents"][0]["url"]) == (409, machine["url"])
    assert api.delete(f"{PATH}{machine['id']}/")[0] == 204
    assert api.delete(f"{path}{wanted['id']}/")[0] == 204


def test_machines_are_found_recorded_and_exported(api, machines):
    machine = machines.make_machine(name="findable machine")
    found = api.get("search/", q="findable mach")[1]["results"]
    assert [(each["type"], each["url"]) for each in found] == [("virtualization.virtualmachine", machine["url"])]
    template = {"content_type": "virtualization.virtualmachine", "name": "names"}
    api.make(
        "extras/export-templates/", **template, template_code="{% for each in queryset %}{{ each.name }};{% endfor %}"
    )
    reply = api.request("GET", PATH, params={"export": "names", "q": "findable"})
    assert (reply.status_code, reply.text) == (200, "findable machine;")
