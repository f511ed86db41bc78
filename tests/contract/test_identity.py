"""What identifies an object narrows its list, on every type; what means nothing in a query string is said."""

import pytest

from tests.factories import BY_LABEL, NOT_BY_JSON, RESOURCES, Factory, url

IDENTIFYING = {
    "name",
    "slug",
    "model",
    "prefix",
    "address",
    "vid",
    "rd",
    "cid",
    "asset_tag",
    "serial",
    "facility_id",
    "mac_address",
    "username",
}
MADE = sorted(label for label, each in BY_LABEL.items() if "POST" in each.methods and label not in NOT_BY_JSON)
NOTHING = {"vid": "4094", "prefix": "203.0.113.0/24", "address": "203.0.113.9/32", "mac_address": "02:00:00:00:00:99"}


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


@pytest.mark.parametrize("label", MADE)
def test_what_identifies_an_object_finds_it(api, factory, label):
    factory.make(label)
    path, pk = url(label), factory.filled(label)
    shown = api.get(f"{path}{pk}/")[1]
    for name in sorted(IDENTIFYING & {name for name, value in shown.items() if value}):
        found = api.results(path, **{name: shown[name], "limit": 0})
        assert pk in [each["id"] for each in found], name
        assert {each[name] for each in found} == {shown[name]}, name
        assert api.results(path, **{name: NOTHING.get(name, "none is called so")}) == [], name
        assert api.results(path, **{name: "\x00"}) == [], name


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: f"{resource.app}/{resource.path}")
def test_what_must_be_unique_is_a_filter(resource):
    attributes = resource.model.attributes
    unique = {name for names in resource.unique for name in names} | {
        name for name, each in attributes.items() if getattr(resource.model.__table__.c.get(each.column), "unique", 0)
    }
    references = {name for name in unique if attributes[name].is_reference}
    assert resource.filter_table.keys() >= (unique - references) | {f"{name}_id" for name in references}


def test_a_prefix_is_found_in_any_spelling(api, factory):
    pk = factory.make("ipam.prefix", prefix="10.250.0.0/15")["id"]
    for spelled in ("10.250.0.0/15", " 10.250/15 ", "10.250.0.0/255.254.0.0"):
        assert [each["id"] for each in api.results("ipam/prefixes/", prefix=spelled)] == [pk]
    assert api.results("ipam/prefixes/", prefix="10.251.0.0/15") == []
    assert api.results("ipam/prefixes/", prefix="no network") == []


def test_what_means_nothing_is_named(api):
    def ignored(path, **params):
        return api.request("GET", path, params=params).headers.get("X-Ignored-Parameters")

    known = {"name": "x", "limit": 1, "offset": 0, "format": "json", "id__in": "1", "region_id": 1, "q": ""}
    assert ignored("dcim/sites/", **known) is None
    assert ignored("dcim/sites/", cursor=0) is None
    assert ignored("dcim/sites/", **known, nmae="x", cf_none=1) == "nmae, cf_none"
    assert ignored("dcim/sites/", **{"a\r\nb, c": "", "é" * 99: ""}) == f"a%0D%0Ab%2C%20c, {'%C3%A9' * 50}"
    many = ignored("dcim/sites/", **{f"p{number}": 1 for number in range(60)})
    assert many.count(",") == 19
