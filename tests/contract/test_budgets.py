"""Every request has a budget: what would cost without bound is refused at once, and what is too much is named."""

import pytest

REPEATABLE = (
    ("dcim/sites/", "region", 500),
    ("dcim/sites/", "asn", 500),
    ("dcim/sites/", "name", 500),
    ("dcim/sites/", "status", 500),
    ("dcim/devices/", "tenant", 500),
    ("dcim/devices/", "mac_address", 50),
    ("dcim/interfaces/", "device", 500),
    ("ipam/ip-addresses/", "device", 500),
    ("dcim/interface-connections/", "device", 5),
    ("ipam/prefixes/", "within", 50),
    ("ipam/vlans/", "vid", 500),
    ("circuits/circuits/", "q", 5),
    ("ipam/ip-addresses/", "description__ic", 5),
    ("ipam/ip-addresses/", "description__niew", 5),
    ("dcim/interfaces/", "mtu__lt", 5),
    ("dcim/sites/", "last_updated__gte", 5),
    ("circuits/circuits/", "id", 500),
)


@pytest.mark.parametrize(("path", "name", "most"), REPEATABLE)
def test_a_filter_takes_so_many_values_and_no_more(api, path, name, most):
    values = [str(each) for each in range(1, most + 2)]
    assert api.get(path, **{name: values[:most]})[0] == 200
    status, reply = api.get(path, **{name: values})
    assert status == 400 and reply == {name: [f"At most {most} values can be asked for at once."]}


def test_a_request_searches_for_so_many_texts_and_no_more(api):
    """Each is compared with every row of a table, whatever the filters it comes by."""
    few = {"description__ic": ["1", "2", "3"], "description__nisw": ["4", "5"]}
    assert api.get("ipam/ip-addresses/", **few)[0] == 200
    status, reply = api.get("ipam/ip-addresses/", **few, q="x")
    assert status == 400 and "At most 5 texts" in reply["detail"]


def test_the_same_value_counts_once(api):
    assert api.get("dcim/sites/", q=["a"] * 200)[0] == 200


def test_a_query_has_so_many_parameters_and_no_more(api):
    assert api.get("dcim/sites/", x=["1"] * 1000)[0] == 200
    status, reply = api.get("dcim/sites/", x=["1"] * 1001)
    assert status == 400 and "1000 parameters" in reply["detail"]


def test_several_values_of_a_reference_are_one_question(api):
    """By slug and by id, with what is below them, with those that refer to nothing, and with what is unknown."""
    above = api.make("dcim/regions/", name="Budget", slug="budget")
    below = api.make("dcim/regions/", name="Below budget", slug="below-budget", parent=above["id"])
    other = api.make("dcim/regions/", name="Other budget", slug="other-budget")
    made = {
        slug: api.make("dcim/sites/", name=slug, slug=slug, region=region)["id"]
        for slug, region in (("bud-1", below["id"]), ("bud-2", other["id"]), ("bud-3", None))
    }

    def found(**query):
        return {each["slug"] for each in api.results("dcim/sites/", id=list(made.values()), **query)}

    ids = [above["id"], other["id"]]
    assert found(region=["budget", "other-budget"]) == found(region_id=ids) == {"bud-1", "bud-2"}
    assert found(region=["budget", "null"]) == found(region_id=[above["id"], 0]) == {"bud-1", "bud-3"}
    assert found(region=["null", "budget", "other-budget"]) == set(made)
    assert found(region="budget") == found(region_id=[above["id"], f"0{above['id']}"]) == {"bud-1"}
    assert found(region=["budget", "nowhere"]) == found(region_id=[above["id"], 2**31]) == set()
    assert found(region_id=[above["id"], "x"]) == found(region=["budget", "\0"]) == set()


@pytest.mark.parametrize("element", [{}, 7, None, {"name": "a", "slug": "a"}])
def test_a_bulk_has_so_many_objects_and_no_more(api, element):
    for path in (
        "dcim/regions/",
        f"ipam/prefixes/{api.make('ipam/prefixes/', prefix='10.99.0.0/16')['id']}/available-ips/",
    ):
        status, reply = api.post(path, [element] * 1001)
        assert status == 413 and "At most 1000 objects" in reply["detail"]


def test_the_document_says_how_many_objects_a_bulk_has(api):
    schema = api.get("schema/")[1]["paths"]["/api/dcim/regions/"]["post"]
    one, many = schema["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    assert many["maxItems"] == 1000 and many["items"] == one and "413" in schema["responses"]
