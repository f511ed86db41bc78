"""The columns of NetBox 2.3's import forms are taken as they are."""

import pytest

from tests.csv.sheets import refused, saved
from tests.factories import Factory


@pytest.fixture(scope="module")
def world(api) -> dict:
    """What the lines speak of, by names that nothing else has."""
    factory = Factory(api)
    tenant = factory.make("tenancy.tenant", name="Dunder, Inc.", slug="dunder")
    site = factory.make("dcim.site", name="Akron", slug="akron")
    group = factory.make("dcim.rackgroup", name="Basement", site=site["id"])
    factory.make("dcim.rack", name="Closet", site=factory.make("dcim.site")["id"])
    rack = factory.make("dcim.rack", name="Closet", site=site["id"], group=group["id"], u_height=42)
    maker = factory.make("dcim.manufacturer", name="Maker", slug="maker")
    made_type = factory.make(
        "dcim.devicetype", manufacturer=maker["id"], model="X1", is_console_server=True, is_pdu=True
    )
    role = factory.make("dcim.devicerole", name="Router", slug="router-role")
    factory.make("ipam.role", name="Access data", slug="access-data")
    common = {"device_type": made_type["id"], "device_role": role["id"], "site": site["id"]}
    devices = [factory.make("dcim.device", name=f"akron-{n}", **common) for n in (1, 2)]
    ports = [factory.make("dcim.interface", device=each["id"], name="Gi0", form_factor=1000) for each in devices]
    vlans = factory.make("ipam.vlangroup", name="Campus", site=site["id"])
    vlan = factory.make("ipam.vlan", vid=100, site=site["id"], group=vlans["id"])
    factory.make("dcim.consoleserverport", device=devices[0]["id"], name="line 1")
    factory.make("dcim.consoleport", device=devices[1]["id"], name="con 0")
    factory.make("dcim.poweroutlet", device=devices[0]["id"], name="outlet 1")
    factory.make("dcim.powerport", device=devices[1]["id"], name="PSU 0")
    return {"site": site, "rack": rack, "tenant": tenant, "ports": ports, "vlan": vlan, "devices": devices}


FORMS = {
    "dcim/devices": (
        "name,device_role,tenant,manufacturer,model_name,platform,serial,asset_tag,status,site,rack_group,rack_name,"
        'position,face,comments\nakron-3,Router,"Dunder, Inc.",Maker,X1,,S1,,Active,Akron,Basement,Closet,2,Front,\n',
        lambda world, made: made["rack"]["id"] == world["rack"]["id"],
    ),
    "dcim/racks": (
        "site,name,group_name,facility_id,tenant,role,type,serial,width,u_height,desc_units,comments\n"
        "Akron,New,Basement,,,,4-post cabinet,,19,42,False,\n",
        lambda world, made: made["group"]["id"] == world["rack"]["group"] and made["type"]["value"] == 300,
    ),
    "dcim/interface-connections": (
        "device_a,interface_a,device_b,interface_b,connection_status\nakron-1,Gi0,akron-2,Gi0,planned\n",
        lambda world, made: [made["interface_a"]["id"], made["interface_b"]["id"]] == [p["id"] for p in world["ports"]],
    ),
    "dcim/console-ports": (
        "console_server,cs_port,device,console_port,connection_status\nakron-1,line 1,akron-2,con 0,Connected\n",
        lambda world, made: made["cs_port"]["name"] == "line 1",
    ),
    "dcim/power-ports": (
        "pdu,power_outlet,device,power_port,connection_status\nakron-1,outlet 1,akron-2,PSU 0,Connected\n",
        lambda world, made: made["power_outlet"]["name"] == "outlet 1",
    ),
    "dcim/inventory-items": (
        "device,name,manufacturer,part_id,serial,asset_tag,description\nakron-1,Card,Maker,P,S,,\n",
        lambda world, made: made["device"]["id"] == world["devices"][0]["id"],
    ),
    "ipam/vlans": (
        "site,group_name,vid,name,tenant,status,role,description\nAkron,Campus,200,Data,,Active,Access data,\n",
        lambda world, made: made["group"]["id"] == world["vlan"]["group"],
    ),
    "ipam/prefixes": (
        "prefix,vrf,tenant,site,vlan_group,vlan_vid,status,role,is_pool,description\n"
        '10.210.0.0/24,,"Dunder, Inc.",Akron,Campus,100,Active,Access data,False,\n',
        lambda world, made: made["vlan"]["id"] == world["vlan"]["id"],
    ),
    "ipam/ip-addresses": (
        "address,vrf,tenant,status,role,device,virtual_machine,interface_name,is_primary,description\n"
        "10.210.0.1/24,,,Active,,akron-1,,Gi0,False,\n",
        lambda world, made: made["interface"]["id"] == world["ports"][0]["id"],
    ),
}


@pytest.mark.parametrize("path", FORMS)
def test_a_form_of_netbox_is_taken(api, world, path):
    text, is_right = FORMS[path]
    (row,) = saved(api, f"{path}/", text)["rows"]
    assert is_right(world, api.get(f"{path}/{row['id']}/")[1])


def test_a_primary_address_is_set_at_its_device(api, world):
    text = FORMS["ipam/ip-addresses"][0].replace("False", "True").replace("0.1/", "0.2/")
    assert refused(api, "ipam/ip-addresses/", text)[0][:2] == (2, "is_primary")
