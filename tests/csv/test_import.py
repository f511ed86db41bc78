"""CSV is taken to a list: new objects and changed ones, by names, all lines or none."""

import pytest

from tests.client import Client
from tests.csv.sheets import export, refused, rows, saved, send, text_of
from tests.factories import Factory


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


@pytest.fixture(scope="module")
def site(factory) -> dict:
    return factory.make("dcim.site", name="Amsterdam 1", slug="ams-1")


@pytest.fixture(scope="module")
def device(api, factory, site) -> dict:
    return factory.make("dcim.device", name="csv-sw1", site=site["id"])


def test_names_and_slugs_stand_for_ids_wherever_objects_are(api, factory, site):
    tenant = factory.make("tenancy.tenant", name="Acme Ltd", slug="acme-ltd")
    role = factory.make("ipam.role")
    text = (
        "prefix,status,site,tenant,role,is_pool\n"
        f"10.200.0.0/24,Active,Amsterdam 1,Acme Ltd,{role['name']},True\n"
        f"10.200.1.0/24,reserved,ams-1,acme-ltd,{role['slug']},false\n"
        f"10.200.2.0/24,1,{{{site['id']}}},,,\n"
    )
    told = saved(api, "ipam/prefixes/", text)
    assert (told["created"], [each["line"] for each in told["rows"]]) == (3, [2, 3, 4])
    made = [api.get(f"ipam/prefixes/{each['id']}/")[1] for each in told["rows"]]
    assert {each["site"]["id"] for each in made} == {site["id"]}
    assert [each["status"]["label"] for each in made] == ["Active", "Reserved", "Active"]
    assert [each["tenant"] and each["tenant"]["id"] for each in made] == [tenant["id"], tenant["id"], None]
    assert [each["is_pool"] for each in made] == [True, False, False]


def test_a_line_is_about_the_id_it_has_or_what_is_called_so_or_a_new_object(api, factory):
    known = factory.make("dcim.site", name="Known", slug="known", facility="one")
    other = factory.make("dcim.site", name="Other", slug="other")
    text = f"id,name,slug,facility\n,Known,known,two\n{other['id']},Renamed,other,\n,New here,new-here,three\n"
    told = saved(api, "dcim/sites/", text)
    assert {name: told[name] for name in ("created", "changed", "unchanged")} == {
        "created": 1,
        "changed": 2,
        "unchanged": 0,
    }
    assert api.get(f"dcim/sites/{known['id']}/")[1]["facility"] == "two"
    assert api.get(f"dcim/sites/{other['id']}/")[1]["name"] == "Renamed"
    again = saved(api, "dcim/sites/", text)
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 3)


def test_what_is_written_otherwise_but_means_what_is_there_is_not_saved(api, factory, site, device):
    tenant = factory.make("tenancy.tenant", name="Same Ltd", slug="same-ltd")
    tags = {"site": site["id"], "tenant": tenant["id"], "status": 1, "is_pool": True}
    prefix = api.make("ipam/prefixes/", prefix="10.205.0.0/24", **tags, description="as it is")
    vlans = [factory.make("ipam.vlan", vid=vid, site=site["id"], name=f"same-{vid}") for vid in (21, 22)]
    port = {"device": device["id"], "mode": 200, "tagged_vlans": [each["id"] for each in vlans]}
    port = factory.make("dcim.interface", **port, name="same-trunk")
    field = {"name": "csv_same", "type": 300, "obj_type": ["ipam.prefix"], "default": "true"}
    field = api.make("extras/custom-fields/", **field)
    api.patch(f"ipam/prefixes/{prefix['id']}/", {"custom_fields": {"csv_same": True}})
    before = api.get(f"ipam/prefixes/{prefix['id']}/")[1]
    text = (
        "prefix,site,tenant,status,is_pool,cf_csv_same,description\n"
        "10.205.0.0/24,Amsterdam 1,Same Ltd,1,yes,1,as it is\n"
    )
    told = saved(api, "ipam/prefixes/", text)
    assert told["rows"] == [{"line": 2, "id": prefix["id"], "what": "unchanged"}]
    vlans_by_id = f'device,name,mode,tagged_vlans\ncsv-sw1,same-trunk,200,"{{{vlans[1]["id"]}}},{{{vlans[0]["id"]}}}"\n'
    assert saved(api, "dcim/interfaces/", vlans_by_id)["unchanged"] == 1
    assert api.get(f"ipam/prefixes/{prefix['id']}/")[1] == before
    for other in (text.replace("yes", "no"), text.replace(",1,yes,1", ",2,yes,1"), text.replace("yes,1", "yes,0")):
        assert saved(api, "ipam/prefixes/", other)["changed"] == 1
        assert saved(api, "ipam/prefixes/", text)["changed"] == 1
    one = vlans_by_id.replace(f",{{{vlans[0]['id']}}}", "")
    assert saved(api, "dcim/interfaces/", one)["changed"] == 1
    assert [each["id"] for each in api.get(f"dcim/interfaces/{port['id']}/")[1]["tagged_vlans"]] == [vlans[1]["id"]]
    assert refused(api, "ipam/prefixes/", text.replace(",1,yes", ",9,yes"))[0][:2] == (2, "status")
    api.delete(f"extras/custom-fields/{field['id']}/")


def test_what_has_no_unique_name_is_known_by_what_tells_it_apart(api, factory):
    vrfs = [factory.make("ipam.vrf", enforce_unique=False) for _ in range(2)]
    text = (
        f"address,vrf,description\n10.201.0.1/24,{vrfs[0]['rd']},a\n10.201.0.1/24,{vrfs[1]['rd']},b\n10.201.0.1/24,,c\n"
    )
    assert saved(api, "ipam/ip-addresses/", text)["created"] == 3
    assert saved(api, "ipam/ip-addresses/", text)["unchanged"] == 3
    assert saved(api, "ipam/ip-addresses/", text.replace(",c", ",d"))["changed"] == 1
    saved_twice = api.make("ipam/ip-addresses/", address="10.201.0.1/24")
    (error,) = refused(api, "ipam/ip-addresses/", text.replace(",c", ",e"))
    assert error[:2] == (4, "address") and "Several objects" in error[2]
    api.delete(f"ipam/ip-addresses/{saved_twice['id']}/")


def test_columns_of_a_reference_say_which(api, factory, device):
    port = factory.make("dcim.interface", device=device["id"], name="xe-0/0/0")
    factory.make("dcim.interface", name="xe-0/0/0")
    text = "address,interface.device,interface\n10.202.0.1/24,csv-sw1,xe-0/0/0\n"
    told = saved(api, "ipam/ip-addresses/", text)
    made = api.get(f"ipam/ip-addresses/{told['rows'][0]['id']}/")[1]
    assert made["interface"]["id"] == port["id"]
    (row,) = rows(export(api, "ipam/ip-addresses/", id=made["id"]))
    assert (row["interface"], row["interface.device"], row["interface.virtual_machine"]) == ("xe-0/0/0", "csv-sw1", "")
    (error,) = refused(api, "ipam/ip-addresses/", "address,interface\n10.202.0.2/24,xe-0/0/0\n")
    assert error[:2] == (2, "interface") and error[2].startswith("Multiple objects match")


def test_what_cannot_be_told_apart_by_name_is_its_id(api, factory):
    nameless = factory.make("dcim.device", name=None)
    port = factory.make("dcim.interface", device=nameless["id"], name="e0")
    made = factory.make("ipam.ipaddress", interface=port["id"])
    (row,) = rows(export(api, "ipam/ip-addresses/", id=made["id"]))
    assert row["interface.device"] == f"{{{nameless['id']}}}"
    vlans = [factory.make("ipam.vlan", vid=77) for _ in range(2)]
    prefix = factory.make("ipam.prefix", vlan=vlans[0]["id"])
    (row,) = rows(export(api, "ipam/prefixes/", id=prefix["id"]))
    assert row["vlan"] == f"{{{vlans[0]['id']}}}"


def test_lists_of_references_and_of_values(api, factory, device):
    group = factory.make("ipam.vlangroup", site=device["site"])
    vlans = [factory.make("ipam.vlan", vid=vid, site=device["site"], group=group["id"]) for vid in (11, 12)]
    port = factory.make("dcim.interface", device=device["id"], name="trunk")
    text = (
        "device,name,mode,tagged_vlans,tagged_vlans.group,tagged_vlans.group.site\n"
        f'csv-sw1,trunk,Tagged,"11,12","{group["name"]},{group["name"]}","ams-1,ams-1"\n'
    )
    assert saved(api, "dcim/interfaces/", text)["changed"] == 1
    shown = api.get(f"dcim/interfaces/{port['id']}/")[1]
    assert {each["id"] for each in shown["tagged_vlans"]} == {each["id"] for each in vlans}
    rack = factory.make("dcim.rack", site=device["site"], name="R-units")
    text = 'rack,rack.site,user,units,description\nR-units,ams-1,admin,"1,2,3",kept\n'
    (wrong,) = refused(api, "dcim/rack-reservations/", text.replace("2", "x"))
    assert wrong == (2, "units", "2: A valid integer is required.")
    told = saved(api, "dcim/rack-reservations/", text)
    made = api.get(f"dcim/rack-reservations/{told['rows'][0]['id']}/")[1]
    assert (made["rack"]["id"], made["units"]) == (rack["id"], [1, 2, 3])


def test_custom_fields_are_columns(api, factory):
    for name, kind in (("csv_text", 100), ("csv_int", 200), ("csv_bool", 300), ("csv_date", 400)):
        api.make("extras/custom-fields/", name=name, type=kind, obj_type=["dcim.site"], default="")
    choices = [{"value": "red"}, {"value": "green, or so"}]
    api.make(
        "extras/custom-fields/", name="csv_choice", type=600, obj_type=["dcim.site"], choices=choices, default="red"
    )
    heading = "name,slug,cf_csv_text,cf_csv_int,cf_csv_bool,cf_csv_date,cf_csv_choice"
    text = f'{heading}\nWith fields,with-fields,\'=1+1,-5,TRUE,2020-01-02,"green, or so"\nWithout,without,,,,,\n'
    told = saved(api, "dcim/sites/", text)
    values = [api.get(f"dcim/sites/{each['id']}/")[1]["custom_fields"] for each in told["rows"]]
    assert [values[0][f"csv_{name}"] for name in ("text", "int", "bool", "date")] == ["=1+1", -5, True, "2020-01-02"]
    assert values[0]["csv_choice"]["label"] == "green, or so"
    assert values[1]["csv_choice"] is None  # a blank is said, and no default
    out = export(api, "dcim/sites/", slug="with-fields")
    assert "'=1+1" in out and "'-5" in out
    assert saved(api, "dcim/sites/", out)["unchanged"] == 1
    (wrong,) = refused(api, "dcim/sites/", "name,slug,cf_csv_choice\nA,aaa,blue\n")
    assert wrong[:2] == (2, "cf_csv_choice")
    (wrong,) = refused(api, "dcim/sites/", "name,slug,cf_csv_tekst\nA,aaa,blue\n")
    assert wrong[:2] == (1, "cf_csv_tekst") and "cf_csv_text" in wrong[2]
    for each in api.results("extras/custom-fields/", limit=1000):
        if each["name"].startswith("csv_"):
            api.delete(f"extras/custom-fields/{each['id']}/")


def test_what_is_only_written_is_saved_whatever_is_there(api):
    text = "name,obj_type,payload_url,type_create,secret\ncsv-hook,dcim.site,https://example.com/,true,"
    pk = saved(api, "extras/webhooks/", f"{text}kept secret\n")["rows"][0]["id"]
    assert api.get(f"extras/webhooks/{pk}/")[1]["has_secret"] is True
    assert saved(api, "extras/webhooks/", f"{text}kept secret\n")["changed"] == 1
    assert saved(api, "extras/webhooks/", f"{text}\n")["changed"] == 1
    assert api.get(f"extras/webhooks/{pk}/")[1]["has_secret"] is False
    api.delete(f"extras/webhooks/{pk}/")


def test_lines_may_refer_to_each_other(api):
    text = "name,slug,parent\nLeaf,leaf-1,Middle 1\nMiddle 1,middle-1,root-1\nRoot 1,root-1,\n"
    told = saved(api, "dcim/regions/", text)
    assert told["created"] == 3
    assert [row["parent"] for row in rows(export(api, "dcim/regions/")) if row["slug"] in ("leaf-1", "middle-1")] == [
        "root-1",
        "middle-1",
    ]
    errors = refused(api, "dcim/regions/", "name,slug,parent\nA 9,a-9,b-9\nB 9,b-9,a-9\n")
    assert [each[:2] for each in errors] == [(2, "parent"), (3, "parent")]


def test_all_lines_or_none_with_every_error_at_its_place(api, factory):
    known = factory.make("dcim.site", name="Stays", slug="stays", facility="as it was")
    text = (
        "slug,name,status,asn,region,time_zone\n"
        "stays,Stays,Activ,1,,\n"
        "fine,Fine,Active,64512,,Europe/Amsterdam\n"
        "b a d,Bad,Active,many,nowhere,Mars\n"
        "twice,Twice,Active,,,\n"
        "twice,Twice again,Active,,,\n"
        "other,,Active,,,\n"
    )
    errors = refused(api, "dcim/sites/", text)
    assert {(2, "status"), (4, "slug"), (4, "asn"), (4, "region"), (4, "time_zone"), (6, "slug"), (7, "name")} == {
        each[:2] for each in errors
    }
    assert api.get("dcim/sites/", slug="fine")[1]["count"] == 0
    assert api.get(f"dcim/sites/{known['id']}/")[1]["facility"] == "as it was"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("nmae,slug\nA,a\n", (1, "nmae")),
        ("name,slug,name\nA,a,A\n", (1, "name")),
        ("name,slug,last_updated\nA,a,2020-01-01\n", (1, "last_updated")),
        ("name,slug,count_racks\nA,a,1\n", (1, "count_racks")),
        ("name,slug,region.no_such\nA,a,1\n", (2, "region.no_such")),
        ("name,asn\nA,1\n", (2, "slug")),
        ("name,slug,tenant.id\nA,a,x\n", (2, "tenant.id")),
        ("id,name\n1.5,A\n", (2, "id")),
        ("id,name\n999999999,A\n", (2, "id")),
        ("id,name\n99999999999999999999,A\n", (2, "id")),
        ("name,slug\nA,a\nB\n", (3, "")),
        ("", (1, "")),
    ],
)
def test_what_is_wrong_is_said_with_line_and_column(api, text, place):
    assert refused(api, "dcim/sites/", text)[0][:2] == place


def test_the_same_object_twice_is_refused(api, factory):
    known = factory.make("dcim.site", name="Only once", slug="only-once")
    errors = refused(api, "dcim/sites/", f"id,slug,facility\n{known['id']},only-once,1\n,only-once,2\n")
    assert [each[:2] for each in errors] == [(3, "id")]


def test_a_dry_run_says_what_would_be_and_does_nothing(api):
    known = api.make("dcim/sites/", name="Wet", slug="wet-run")
    text = "name,slug\nDry,dry-run\nWetter,wet-run\n"
    told = saved(api, "dcim/sites/", text, dry_run="true")
    assert (told["created"], told["changed"]) == (1, 1)
    assert [(each["id"], each["what"]) for each in told["rows"]] == [(None, "created"), (known["id"], "changed")]
    assert api.get("dcim/sites/", slug="dry-run")[1]["count"] == 0
    assert refused(api, "dcim/sites/", "name,slug\nDry,d r y\n", dry_run="true")[0][:2] == (2, "slug")


def test_more_lines_than_one_request_may_bring_are_refused_at_once(api):
    text = "name,slug\n" + "".join(f"Many {n},many-{n}\n" for n in range(1001))
    status, told = send(api, "tenancy/tenants/", text)
    assert (status, "1000" in told["detail"]) == (413, True)


def test_who_may_only_add_changes_nothing(api, stack, factory):
    api.make("users/users/", username="adder", password="correct horse battery", permissions=["dcim.add_rackrole"])
    token = api.post("users/tokens/provision/", {"username": "adder", "password": "correct horse battery"})[1]["key"]
    adder, known = Client(stack.base_url, token), factory.make("dcim.rackrole")
    assert saved(adder, "dcim/rack-roles/", "name,slug,color\nAdded,added,aaaaaa\n")["created"] == 1
    status, told = send(adder, "dcim/rack-roles/", f"slug,color\n{known['slug']},bbbbbb\n")
    assert (status, "dcim.change_rackrole" in told["detail"]) == (403, True)
    assert saved(adder, "dcim/rack-roles/", f"slug,color\n{known['slug']},{known['color']}\n")["unchanged"] == 1


def test_a_key_does_it_once(api):
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "csv-once"}
    replies = [
        api.request("POST", "ipam/ip-addresses/", data="address\n10.203.0.1/32\n", headers=headers) for _ in range(2)
    ]
    assert replies[0].json() == replies[1].json() and replies[1].headers["Idempotency-Replayed"] == "true"


def test_only_lists_are_csv(api, site):
    for path in ("dcim/", f"dcim/sites/{site['id']}/", "dcim/_choices/"):
        assert api.get(path, format="csv")[0] == 404, path
    assert api.get("dcim/sites/", format="csv", ordering="name")[0] == 400
    assert rows(export(api, "dcim/sites/", slug="ams-1", fields="slug,status")) == [
        {"slug": "ams-1", "status": "Active"}
    ]
    assert send(api, f"dcim/sites/{site['id']}/", "name\nx\n")[0] == 405


def test_a_long_list_comes_whole_and_in_the_order_of_ids(api):
    text = "name,slug\n" + "".join(f"Long {n},long-{n}\n" for n in range(1000))
    saved(api, "ipam/roles/", text)
    saved(api, "ipam/roles/", text.replace("ong", "ang"))
    ids = [int(row["id"]) for row in rows(export(api, "ipam/roles/"))]
    assert len(ids) >= 2000 and ids == sorted(set(ids))
    listed = rows(export(api, "ipam/roles/", name__isw="Lang"))
    assert len(listed) == 1000


def test_a_sheet_may_be_written_by_hand(api):
    text = text_of([{"name": "By; hand", "slug": "by-hand", "comments": "one\r\ntwo"}])
    told = saved(api, "tenancy/tenants/", text)
    assert api.get(f"tenancy/tenants/{told['rows'][0]['id']}/")[1]["comments"] == "one\r\ntwo"
