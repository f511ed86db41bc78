"""Today's pynetbox works against the API unchanged."""

import pynetbox
import pytest


@pytest.fixture
def netbox(stack):
    return pynetbox.api(stack.base_url, token=stack.token)


def test_it_walks_creates_changes_and_deletes(netbox):
    group = netbox.tenancy.tenant_groups.create(name="Carriers", slug="carriers")
    tenant = netbox.tenancy.tenants.create(name="Long Lines", slug="long-lines", group=group.id)
    region = netbox.dcim.regions.create(name="Antarctica", slug="antarctica")
    site = netbox.dcim.sites.create(name="McMurdo", slug="mcmurdo", region=region.id, tenant=tenant.id)

    found = netbox.dcim.sites.get(slug="mcmurdo")
    assert (found.tenant.name, found.region.slug, str(found)) == ("Long Lines", "antarctica", "McMurdo")
    assert [each.name for each in netbox.dcim.sites.filter(tenant="long-lines")] == ["McMurdo"]

    found.facility = "Building 155"
    assert found.save()
    tenant.name = "Long Lines Ltd"
    assert tenant.save()
    again = netbox.dcim.sites.get(site.id)
    assert (again.facility, again.tenant.name) == ("Building 155", "Long Lines Ltd")

    with pytest.raises(pynetbox.RequestError) as protected:
        tenant.delete()
    assert protected.value.req.status_code == 409
    for each in (again, tenant, region, group):
        assert each.delete()
    assert netbox.dcim.sites.get(slug="mcmurdo") is None


def test_it_follows_pages(netbox):
    made = netbox.tenancy.tenant_groups.create([{"name": f"Page {n}", "slug": f"page-{n}"} for n in range(7)])
    listed = list(netbox.tenancy.tenant_groups.filter(limit=3))
    assert {each.id for each in made} <= {each.id for each in netbox.tenancy.tenant_groups.all(limit=3)}
    assert len(listed) >= 7
    for each in made:
        assert each.delete()


@pytest.fixture(scope="module")
def device(stack):
    """A device in a rack, with an interface and a free prefix for it, made as a user would."""
    netbox = pynetbox.api(stack.base_url, token=stack.token)
    site = netbox.dcim.sites.create(name="Palmer", slug="palmer")
    rack = netbox.dcim.racks.create(name="P1", site=site.id, u_height=6)
    maker = netbox.dcim.manufacturers.create(name="Palmer", slug="palmer")
    kind = netbox.dcim.device_types.create(model="P100", slug="p100", manufacturer=maker.id)
    role = netbox.dcim.device_roles.create(name="Palmer", slug="palmer", color="ff0000")
    made = netbox.dcim.devices.create(
        name="palmer-1", site=site.id, rack=rack.id, position=2, face=0, device_type=kind.id, device_role=role.id
    )
    netbox.dcim.interfaces.create([{"device": made.id, "name": f"eth{number}"} for number in range(3)])
    vrf = netbox.ipam.vrfs.create(name="Palmer", rd="65000:61")
    netbox.ipam.prefixes.create(prefix="203.0.113.0/24", vrf=vrf.id)
    return made


def test_it_allocates_an_address_and_follows_nested_objects(netbox, device):
    interface = netbox.dcim.interfaces.get(device="palmer-1", name="eth0")
    (prefix,) = netbox.ipam.prefixes.filter("203.0.113.0/24", vrf="65000:61")
    address = prefix.available_ips.create({"interface": interface.id})
    found = netbox.dcim.devices.get(device.id)
    found.primary_ip4 = address.id
    assert found.save()
    assert netbox.dcim.devices.get(name="palmer-1").primary_ip.address == "203.0.113.1/24"
    assert interface.device.full_details()
    assert interface.device.rack.name == "P1"
    assert [str(each) for each in prefix.available_prefixes.list()] == ["203.0.113.0/24"]
    assert found.serialize()["status"] == 1


def test_it_lists_what_stands_in_a_rack(netbox, device):
    rack = netbox.dcim.racks.get(name="P1")
    assert [(each.name, str(each.device)) for each in rack.units.list() if each.device] == [("U2", "palmer-1")]
    assert [each.id for each in rack.elevation.list()] == [6, 5, 4, 3, 2, 1]
    assert rack.elevation.list(render="svg").startswith("<svg")


def test_it_asks_in_threads_and_counts(stack, netbox, device):
    threaded = pynetbox.api(stack.base_url, token=stack.token, threading=True)
    assert len(list(threaded.dcim.interfaces.filter(device="palmer-1", limit=1))) == 3
    assert netbox.dcim.interfaces.count(device="palmer-1") == 3
    assert netbox.dcim.sites.choices()["status"][0] == {"value": 1, "display_name": "Active"}
    assert netbox.version == "2.3"
    assert netbox.status()["netbox-version"] == "2.3.7"


def test_its_strict_filters_look_for_paths_that_swagger_has_without_their_base(stack, device):
    strict = pynetbox.api(stack.base_url, token=stack.token, strict_filters=True)
    with pytest.raises(pynetbox.core.query.ParameterValidationError, match="'/api/dcim/interfaces/' does not exist"):
        list(strict.dcim.interfaces.filter(device="palmer-1"))


def test_it_changes_and_deletes_lists(netbox, device):
    interfaces = list(netbox.dcim.interfaces.filter(device="palmer-1"))
    for each in interfaces:
        each.description = "changed"
    netbox.dcim.interfaces.update(interfaces)
    assert {each.description for each in netbox.dcim.interfaces.filter(device="palmer-1")} == {"changed"}
    assert len(netbox.dcim.interfaces.filter(device="palmer-1").update(description="again", enabled=False)) == 3
    shown = {(each.description, each.enabled) for each in netbox.dcim.interfaces.filter(device="palmer-1")}
    assert shown == {("again", False)}
    assert netbox.dcim.interfaces.filter(device="palmer-1", name__ie="ETH0").delete()
    interfaces = list(netbox.dcim.interfaces.filter(device="palmer-1"))
    assert len(interfaces) == 2
    assert netbox.dcim.interfaces.delete(interfaces)
    assert netbox.dcim.interfaces.count(device="palmer-1") == 0
