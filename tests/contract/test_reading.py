"""What a client may ask of a read, for every resource, from its declaration alone."""

from dataclasses import replace

import pytest

from services.dcim.app import app as dcim
from services.secrets.resources.secrets import secrets
from shared.api import parameters, reading, selection
from shared.api.selection import Selection
from shared.config import settings
from shared.http.errors import BadRequest
from shared.query import filters, lookup_expressions, ordering, refusals
from shared.query.date_filters import DateFilter
from shared.query.filter_base import MOST_SEARCHED
from shared.schema.representations import nested_schema
from tests.client import Client
from tests.factories import BY_LABEL, NOT_BY_JSON, RESOURCES, Factory
from tests.factories import url as url_of

MADE = [each for label, each in BY_LABEL.items() if "POST" in each.methods and label not in NOT_BY_JSON]
STRICT = {"Prefer": "handling=strict"}
DEVICE = BY_LABEL["dcim.device"]
SITE = BY_LABEL["dcim.site"]


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


@pytest.fixture(scope="module")
def made(factory) -> dict[str, int]:
    return {resource.model.label: factory.make(resource.model.label)["id"] for resource in MADE}


def path_of(resource) -> str:
    return f"{resource.app}/{resource.path}/"


def by_label(resource) -> str:
    return resource.model.label


@pytest.mark.parametrize("resource", MADE, ids=by_label)
def test_brief_is_the_nested_face_and_fields_and_omit_choose(api, made, resource):
    path, pk = url_of(resource.model.label), made[resource.model.label]
    whole = api.get(f"{path}{pk}/")[1]
    (brief,) = api.results(path, id=pk, brief=1)
    assert brief.keys() == nested_schema(resource.model, resource.model.nested)().dump_fields.keys()
    names = list(whole)
    for chosen in (names[::2], names[1::2], names[-1:]):
        part = {name: whole[name] for name in chosen}
        assert api.results(path, id=pk, fields=",".join(chosen)) == [part]
        assert api.get(f"{path}{pk}/", fields=chosen) == (200, part)
        others = {name: value for name, value in whole.items() if name not in chosen}
        assert api.get(f"{path}{pk}/", omit=",".join(chosen)) == (200, others)
    assert api.get(f"{path}{pk}/", exclude=names[1], fields=names[:3])[1].keys() == {names[0], names[2]}
    assert api.get(f"{path}{pk}/", fields="", omit=" ", brief="false") == (200, whole)


@pytest.mark.parametrize("resource", RESOURCES, ids=path_of)
def test_a_list_is_ordered_by_whatever_has_an_order(api, made, resource):
    ids = {each["id"] for each in api.results(path_of(resource), limit=100, fields="id")}
    asked = {"id__in": ",".join(map(str, sorted(ids))), "limit": 0, "fields": "id"}
    for name, attribute in resource.model.attributes.items():
        status, page = api.get(path_of(resource), ordering=f"-{name},id", **asked)
        if ordering._is_ordered(resource.model, attribute):
            assert status == 200 and {each["id"] for each in page["results"]} == ids, (name, page)
        else:
            assert status == 400 and page.keys() == {"ordering"}, (name, page)


@pytest.mark.parametrize("resource", RESOURCES, ids=path_of)
def test_every_lookup_expression_is_understood(api, made, resource):
    values = {filters.NumberFilter: "1", DateFilter: "2026-01-31", filters.TextFilter: "x"}
    asked = {}
    every = {**lookup_expressions._of_attributes(resource.model), **resource.filter_table}
    expressions = ["n", *lookup_expressions.COMPARISONS, *lookup_expressions.PATTERNS, "nic"]
    for name, each in every.items():
        value = next((value for kind, value in values.items() if isinstance(each, kind)), "1")
        asked |= {f"{name}__{end}": value for end in expressions if resource.filter(f"{name}__{end}")}
        asked |= {f"{name}__empty": "false"} if resource.filter(f"{name}__empty") else {}
    assert asked and "id__n" in asked
    everything = api.get(path_of(resource), limit=1)[1]["count"]
    for name in asked:
        assert resource.filter(name).where([" "]) is None
    for first in range(0, len(asked), MOST_SEARCHED):
        some = dict(list(asked.items())[first : first + MOST_SEARCHED])
        reply = api.request("GET", path_of(resource), params=some)
        assert reply.status_code == 200 and reply.json()["count"] <= everything, reply.text
        assert "X-Ignored-Parameters" not in reply.headers


@pytest.mark.parametrize("resource", MADE, ids=by_label)
def test_a_lookup_and_its_negation_share_a_list_out(api, made, resource):
    path, pk = url_of(resource.model.label), made[resource.model.label]

    def found(**asked) -> set[int]:
        ids: set[int] = set()
        while page := api.results(path, cursor=max(ids, default=0), limit=1000, fields="id", **asked):
            ids |= {each["id"] for each in page}
        return ids

    everything = found()
    for name, each in lookup_expressions._of_attributes(resource.model).items():
        if name in ("id", "name", "status", "description") and resource.filter(name):
            value = api.get(f"{path}{pk}/")[1][name] or "x"
            value = value["value"] if isinstance(value, dict) else value
            there, not_there = found(**{name: value}), found(**{f"{name}__n": value})
            assert there | not_there == everything and not there & not_there, name
        if isinstance(each, filters.TextFilter):
            assert found(**{f"{name}__ic": "E"}) | found(**{f"{name}__nic": "e"}) == everything, name
            assert not found(**{f"{name}__ic": "E"}) & found(**{f"{name}__nic": "e"}), name
        if (missing := f"{name}__empty") and resource.filter(missing):
            assert found(**{missing: 1}) | found(**{missing: 0}) == everything, name
    assert found(id__gte=pk, id__lte=pk) == {pk} and pk not in found(id__gt=pk) | found(id__lt=pk)


def test_what_does_not_exist_is_named_with_the_nearest(api):
    for path in ("dcim/devices/", "dcim/sites/", "ipam/prefixes/"):
        status, errors = api.get(path, fields="id,tenamt")
        assert (status, errors) == (400, {"fields": ['"tenamt" is no attribute. Did you mean "tenant"?']})
        assert api.get(path, ordering="-tenant.slgu")[1]["ordering"][0].endswith('Did you mean "tenant.slug"?')
    assert api.get("dcim/sites/", omit=list(api.results("dcim/sites/", limit=1)[0]))[0] == 400
    assert api.get("dcim/sites/", ordering=",".join("name" for _ in range(9)))[0] == 400


def test_names_are_ordered_naturally_and_through_references(api, factory):
    sites = [factory.make("dcim.site", name=f"Order {number}")["id"] for number in (10, 9, 100)]
    racks = [factory.make("dcim.rack", site=site, name=f"Order {number}")["id"] for number, site in enumerate(sites)]

    def ordered(path, by):
        return [each["id"] for each in api.results(path, ordering=by, name__isw="order ", fields="id")]

    assert ordered("dcim/sites/", "name") == [sites[1], sites[0], sites[2]]
    assert ordered("dcim/sites/", "-name") == [sites[2], sites[0], sites[1]]
    for by in ("site", "site.name", "site__name"):
        assert ordered("dcim/racks/", by) == [racks[1], racks[0], racks[2]]
    page = api.get("dcim/racks/", ordering="-site,name", name__isw="order ", limit=2)[1]
    following = api.session.get(page["next"], timeout=60).json()
    assert [each["id"] for each in page["results"] + following["results"]] == [racks[2], racks[0], racks[1]]


def test_lookups_of_each_kind(api, factory):
    tenant = factory.make("tenancy.tenant", name="Look Up", slug="look-up")
    one = factory.make("dcim.site", name="Look_up 1", tenant=tenant["id"], asn=65001, facility="")
    two = factory.make("dcim.site", name="LOOK%UP 2", asn=65002, facility="East")
    ours = {"id": [one["id"], two["id"]]}

    def found(**asked) -> list[int]:
        return [each["id"] for each in api.results("dcim/sites/", ordering="id", fields="id", **ours, **asked)]

    only_one, only_two, both = [one["id"]], [two["id"]], ours["id"]
    assert (
        found(name__ic="k_U") == only_one and found(name__ic="k%u") == only_two and found(name__nic="k%u") == only_one
    )
    assert (
        found(name__isw="look") == both
        and found(name__iew=" 2") == only_two
        and found(name__ie="look_UP 1") == only_one
    )
    assert found(name__ic=["_up", "%up"]) == both and found(name__nic=["_up", "%up"]) == []
    assert found(asn__gt=65001) == only_two and found(asn__lte=65001) == only_one and found(asn__n=65001) == only_two
    assert found(facility__empty="true") == only_one and found(facility__empty="no") == only_two
    assert found(tenant__n="look-up") == only_two and found(tenant_id__n=tenant["id"]) == only_two
    assert found(tenant__n="null") == only_one and found(tenant__empty=0) == only_one
    assert found(tenant__n="no-such-tenant") == found(status__n="no-such-status") == found(asn__gt="many") == []
    assert found(name__ic="\x00") == found(name__nic="\x00") == []


def test_when_an_object_was_created_and_changed_filters_it(api, factory):
    site = api.get(f"dcim/sites/{factory.make('dcim.site')['id']}/")[1]
    day, moment = site["created"], site["last_updated"]
    for asked in (
        {"created": day, "created__gte": day, "created__lte": day},
        {"last_updated": moment, "last_updated__gte": moment, "last_updated__lte": moment},
        {"last_updated": moment[:10], "last_updated__gt": "2020-01-01", "last_updated__lt": "9999-12-31"},
        {"last_updated__gte": moment.replace("Z", "+00:00")},
    ):
        assert api.results("dcim/sites/", id=site["id"], **asked) == [site], asked
    for asked in ({"created__n": day}, {"last_updated__gt": moment}, {"created__lt": day}, {"last_updated": "soon"}):
        assert api.results("dcim/sites/", id=site["id"], **asked) == [], asked
    assert api.request("GET", f"dcim/sites/?id={site['id']}&last_updated__gte=2020-01-01T00:00:00+01:00").json()[
        "count"
    ]


def test_start_is_the_least_id_of_a_page(api, factory):
    ids = [factory.make("dcim.region")["id"] for _ in range(4)]
    seen, page = [], api.get("dcim/regions/", start=ids[1], limit=2)[1]
    seen += [each["id"] for each in page["results"]]
    assert page["previous"] is None and f"start={seen[-1] + 1}" in page["next"] and "cursor" not in page["next"]
    while page["next"]:
        page = api.session.get(page["next"], timeout=60).json()
        seen += [each["id"] for each in page["results"]]
    assert seen[:3] == ids[1:] and seen == sorted(seen)
    assert (
        api.get("dcim/regions/", start=0, limit=1)[1]["results"]
        == api.get("dcim/regions/", cursor=0, limit=1)[1]["results"]
    )
    for wrong in (
        {"start": "x"},
        {"start": 1, "offset": 5},
        {"start": 1, "ordering": "name"},
        {"cursor": 1, "ordering": "name"},
    ):
        assert api.get("dcim/regions/", **wrong)[0] == 400, wrong


def test_a_strict_client_is_told_of_what_means_nothing(stack, api):
    for path, wrong, near in (
        ("dcim/devices/", "stats", "status"),
        ("dcim/devices/", "nmae__ic", "name__ic"),
        ("dcim/devices/", "ordring", "ordering"),
        ("ipam/prefixes/", "withn", "within"),
        ("dcim/sites/", "cf_no_such", None),
    ):
        assert api.get(path, **{wrong: "x"})[0] == 200
        status, errors = api.call("GET", path, params={wrong: "x"}, headers=STRICT)
        assert status == 400 and list(errors) == [wrong], errors
        assert near is None or errors[wrong][0].endswith(f'Did you mean "{near}"?'), errors
    site = api.get("dcim/sites/", limit=1)[1]["results"][0]["id"]
    assert api.call("GET", f"dcim/sites/{site}/?breif=1", headers=STRICT)[1].keys() == {"breif"}
    assert api.get(f"dcim/sites/{site}/?breif=1")[0] == 200
    known = "?limit=1&offset=0&brief=1&ordering=name&format=json&q=a&name__ic=a&created__gte=2020-01-01&tenant_id=null"
    assert (
        Client(stack.base_url).call("GET", f"dcim/sites/{known}", headers={"Prefer": 'wait=1, handling="strict"'})[0]
        == 200
    )


@pytest.mark.parametrize(
    ("path", "parameter", "value", "named"),
    [
        ("dcim/sites/", "status", "no-such", "no-such"),
        ("dcim/sites/", "status", ["1", "no-such"], "no-such"),
        ("dcim/sites/", "status__n", "no-such", "no-such"),
        ("dcim/sites/", "asn__gt", "many", "many"),
        ("dcim/sites/", "asn__lt", "null", "null"),
        ("dcim/sites/", "created__gte", "2026-13-28", "2026-13-28"),
        ("dcim/sites/", "last_updated", "soon", "soon"),
        ("dcim/sites/", "id", "x", "x"),
        ("dcim/sites/", "id__in", "1,2,x", "x"),
        ("dcim/sites/", "id__in__n", "1,2,x", "x"),
        ("dcim/sites/", "tenant_id", "acme", "acme"),
        ("dcim/sites/", "name__ic", "a\x00", "a\x00"),
        ("dcim/sites/", "limit", "abc", "abc"),
        ("dcim/sites/", "offset", "-1", "-1"),
        ("dcim/sites/", "brief", "maybe", "maybe"),
        ("dcim/devices/", "serial__empty", "maybe", "maybe"),
        ("dcim/devices/", "is_pdu", ["true", "maybe"], "maybe"),
        ("dcim/devices/", "is_pdu__n", "maybe", "maybe"),
        ("dcim/devices/", "mac_address", "none", "none"),
        ("dcim/interfaces/", "vlan_id", "x", "x"),
        ("dcim/interfaces/", "device_id", "x", "x"),
        ("dcim/rack-reservations/", "created", "soon", "soon"),
        ("ipam/ip-addresses/", "parent", "notanet", "notanet"),
        ("ipam/ip-addresses/", "family", "5", "5"),
        ("ipam/prefixes/", "mask_length", ["24", "0"], "0"),
        ("ipam/prefixes/", "vlan_vid", "x", "x"),
    ],
)
def test_a_strict_client_is_told_of_a_value_that_cannot_be(api, path, parameter, value, named):
    assert api.get(path, **{parameter: value})[0] == 200
    refused = {parameter: [f'"{named}" is no value that this parameter can have.']}
    assert api.call("GET", path, params={parameter: value}, headers=STRICT) == (400, refused)


def test_a_value_that_only_names_nothing_is_an_empty_list_to_a_strict_client_too(api, factory):
    site = factory.make("dcim.site")["id"]
    for asked in ({"region": "no-such"}, {"region_id": 2**40}, {"id__in": f"{2**31 - 1},"}, {"slug": "no-such"}):
        status, page = api.call("GET", "dcim/sites/", params=asked, headers=STRICT)
        assert (status, page["count"]) == (200, 0), asked
    asked = {"id": site, "limit": " ", "brief": "", "status": "", "id__in": f"{site},,"}
    assert api.call("GET", "dcim/sites/", params=asked, headers=STRICT)[1]["count"] == 1


def test_an_interface_carries_no_vlan_that_cannot_be(api):
    for parameter in ("vlan_id", "device_id"):
        assert api.results("dcim/interfaces/", **{parameter: "x"}) == []
        assert api.results("dcim/interfaces/", **{f"{parameter}__n": "x"}) == []


def test_an_installation_may_be_strict_with_everybody(monkeypatch):
    with dcim.test_request_context("/api/dcim/devices/?stats=1"):
        parameters.refuse_unknown_of_list(DEVICE, ["stats"])
        monkeypatch.setattr(refusals, "settings", replace(settings, strict_filters=True))
        with pytest.raises(BadRequest, match="stats"):
            parameters.refuse_unknown_of_list(DEVICE, ["stats"])
        with pytest.raises(BadRequest, match="stats"):
            parameters.refuse_unknown_of_object()


def test_choices_are_found_by_the_slug_of_their_label_too(api, factory):
    planned, active = (factory.make("dcim.site", status=status)["id"] for status in (2, 1))
    for path, asked in (("dcim/sites/", {"status": "planned"}), ("dcim/sites/", {"status__n": "active"})):
        found = {each["id"] for each in api.results(path, id=[planned, active], **asked)}
        assert found == {planned}, asked
    assert len(api.results("dcim/sites/", id=[planned, active], status=["planned", "1"])) == 2
    assert api.results("dcim/sites/", id=planned, status="Planned") == []


def test_to_leave_out_what_is_not_there_is_no_mistake(api, factory):
    """Clients of later releases leave out what these have added, as Ansible's inventory does."""
    site = factory.make("dcim.site")["id"]
    for path in ("dcim/sites/", f"dcim/sites/{site}/"):
        reply = api.request("GET", f"{path}?exclude=config_context,comments&id={site}")
        (shown,) = [each for each in reply.json().get("results", [reply.json()]) if each["id"] == site]
        assert "comments" not in shown and "name" in shown
        assert reply.headers["X-Ignored-Parameters"] == "exclude%3Dconfig_context"
        status, errors = api.call("GET", f"{path}?omit=statsu", headers=STRICT)
        assert (status, errors) == (400, {"omit": ['"statsu" is no attribute. Did you mean "status"?']})


def test_what_is_not_shown_is_neither_joined_nor_asked_for():
    assert "JOIN" not in str(Selection(DEVICE, ("id", "name", "serial")).read_face.onto())
    assert str(Selection(DEVICE, ("id", "site")).read_face.onto()).count("JOIN") == 1
    assert selection.everything(SITE).lookups and not Selection(SITE, ("id", "name")).lookups
    assert len(Selection(SITE, ("count_circuits",)).lookups) == 1


def test_no_more_selections_are_kept_than_there_is_room_for():
    for kept in (selection.of_names, reading._object_sql, reading._faces_sql, reading._first_page_sql):
        assert kept.cache_info().maxsize <= 500


def test_what_is_finished_in_python_is_made_whole_whatever_is_shown():
    """The statement for a secret has its ciphertext where the plaintext is to be, which only `decrypt` may replace."""
    shown = Selection(secrets, ("name", "plaintext"))
    assert shown.read_face is secrets.read_face
    assert shown.cut(['{"id":1,"name":"root","plaintext":null}']) == ['{"name":"root","plaintext":null}']
    with pytest.raises(BadRequest):
        ordering.requested(secrets.model, ["plaintext"])


def test_no_filter_has_the_name_of_what_is_no_filter():
    assert not [path_of(each) for each in RESOURCES if parameters.OF_LISTS & each.filter_table.keys()]
