"""Custom fields: defined once, carried everywhere."""

import psycopg2

from tests.running import eventually

PATH = "extras/custom-fields/"


def site(api, slug, **more):
    return api.make("dcim/sites/", name=slug, slug=slug, **more)


def values(api, made):
    return api.get(f"dcim/sites/{made['id']}/")[1]["custom_fields"]


def test_a_field_is_there_in_every_service_once_it_is_made(api):
    api.make(PATH, name="everywhere", obj_type=["dcim.site", "tenancy.tenant", "circuits.provider"])
    for path, name in (("dcim/sites/", "ev-1"), ("tenancy/tenants/", "ev-1"), ("circuits/providers/", "ev-1")):
        made = api.make(path, name=name, slug=name, custom_fields={"everywhere": "here"})
        assert made["custom_fields"]["everywhere"] == "here"
        assert [each["slug"] for each in api.results(path, cf_everywhere="HER")] == ["ev-1"]


def test_values_survive_a_new_name_and_go_with_their_field(api):
    field = api.make(PATH, name="oldname", obj_type=["dcim.site"])
    made = site(api, "renamed", custom_fields={"oldname": "kept"})
    api.patch(f"{PATH}{field['id']}/", {"name": "newname"})
    assert values(api, made)["newname"] == "kept"
    api.delete(f"{PATH}{field['id']}/")
    assert "newname" not in values(api, made)
    again = api.make(PATH, name="newname", obj_type=["dcim.site"])
    assert values(api, made)["newname"] is None
    api.delete(f"{PATH}{again['id']}/")


def test_a_retyped_field_shows_what_its_type_can_read_and_forgets_nothing(api):
    field = api.make(PATH, name="retyped", obj_type=["dcim.site"], filter_logic=2)
    texts = ("12", "012", "twelve", "2020-13-45", "2020-02-03")
    made = [site(api, f"retyped-{text}", custom_fields={"retyped": text}) for text in texts]

    def shown():
        read = [values(api, each)["retyped"] for each in made]
        assert read == [api.patch(f"dcim/sites/{each['id']}/", {})[1]["custom_fields"]["retyped"] for each in made]
        return read

    api.patch(f"{PATH}{field['id']}/", {"type": 200})
    assert shown() == [12, 12, None, None, None]
    assert [each["slug"] for each in api.results("dcim/sites/", cf_retyped="12")] == ["retyped-12"]
    api.patch(f"{PATH}{field['id']}/", {"type": 400})
    assert shown() == [None, None, None, None, "2020-02-03"]
    api.patch(f"{PATH}{field['id']}/", {"type": 100})
    assert shown() == list(texts)
    api.delete(f"{PATH}{field['id']}/")


def test_a_choice_takes_its_values_along(api):
    choices = [{"value": "one"}, {"value": "two", "weight": 5}]
    field = api.make(PATH, name="pick", type=600, obj_type=["dcim.site"], choices=choices)
    one, two = field["choices"]
    made = site(api, "picked", custom_fields={"pick": one["id"]})
    assert values(api, made)["pick"] == {"value": one["id"], "label": "one"}
    status, changed = api.patch(f"{PATH}{field['id']}/", {"choices": [two, {"value": "three"}]})
    assert status == 200
    assert [each["value"] for each in changed["choices"]] == ["two", "three"]
    assert values(api, made)["pick"] is None
    assert "picked" in [each["slug"] for each in api.results("dcim/sites/", cf_pick="null", limit=0)]
    assert api.results("dcim/sites/", cf_pick=one["id"]) == []
    for wrong in ([one], [two, {**two, "value": "twice"}]):
        status, reply = api.patch(f"{PATH}{field['id']}/", {"choices": wrong})
        assert (status, list(reply)) == (400, ["choices"])
    api.delete(f"{PATH}{field['id']}/")


def test_required_and_default_hold_for_new_objects_only(api):
    before = site(api, "before-must")
    must = api.make(PATH, name="must", obj_type=["dcim.site"], required=True)
    given = api.make(PATH, name="given", type=200, obj_type=["dcim.site"], required=True, default="7")
    status, reply = api.post("dcim/sites/", {"name": "x-must", "slug": "x-must"})
    assert (status, list(reply)) == (400, ["custom_fields"])
    made = site(api, "with-must", custom_fields={"must": "yes"})
    assert (made["custom_fields"]["must"], made["custom_fields"]["given"]) == ("yes", 7)
    assert api.patch(f"dcim/sites/{before['id']}/", {"facility": "f"})[0] == 200
    status, reply = api.patch(f"dcim/sites/{made['id']}/", {"custom_fields": {"must": None}})
    assert (status, list(reply)) == (400, ["custom_fields"])
    for field in (must, given):
        api.delete(f"{PATH}{field['id']}/")


def test_wrong_values_are_refused_by_type(api):
    kinds = {100: [["a"], "x" * 256, "a\0b"], 200: [1.7, True, "x"], 300: ["true", 2], 400: [5, "2020-13-01"]}
    for kind, wrong in kinds.items():
        field = api.make(PATH, name=f"typed{kind}", type=kind, obj_type=["dcim.site"])
        for value in wrong:
            body = {"name": "typed", "slug": "typed", "custom_fields": {field["name"]: value}}
            status, reply = api.post("dcim/sites/", body)
            assert (status, list(reply)) == (400, ["custom_fields"]), (kind, value)
        api.delete(f"{PATH}{field['id']}/")
    assert api.post("dcim/sites/", {"name": "t", "slug": "t", "custom_fields": ["x"]})[0] == 400


def test_the_largest_integers_are_kept_as_they_are(api):
    field = api.make(PATH, name="large", type=200, obj_type=["dcim.site"], filter_logic=2)
    for value in (2**63 - 1, 10**18, 1 - 2**63):
        made = site(api, f"large-{value}", custom_fields={"large": value})
        assert made["custom_fields"]["large"] == values(api, made)["large"] == value
        assert [each["id"] for each in api.results("dcim/sites/", cf_large=value)] == [made["id"]]
    api.delete(f"{PATH}{field['id']}/")


def test_a_text_that_becomes_too_large_an_integer_is_not_shown(api):
    field = api.make(PATH, name="digits", obj_type=["dcim.site"])
    meant = {"-9999999999999999999": None, "9" * 19: None, str(2**63 - 1): 2**63 - 1, "007": 7}
    made = [site(api, f"digits{text}", custom_fields={"digits": text}) for text in meant]

    def shown() -> list:
        return [values(api, each)["digits"] for each in made]

    assert api.patch(f"{PATH}{field['id']}/", {"type": 200})[0] == 200
    eventually(lambda: shown() == [*meant.values()], "those that are integers are read as such")
    for each, value in zip(made, meant.values(), strict=True):
        status, saved = api.patch(f"dcim/sites/{each['id']}/", {"facility": "A"})
        assert (status, saved["custom_fields"]["digits"]) == (200, value), saved
    assert api.patch(f"{PATH}{field['id']}/", {"type": 100})[0] == 200
    eventually(lambda: shown() == [*meant], "they are texts again")
    api.delete(f"{PATH}{field['id']}/")


def test_the_choices_are_those_of_v2_3(api):
    assert set(api.get("extras/_choices/")[1]) == {"custom-field:type", "graph:type"}


def test_what_a_definition_may_not_be(api):
    for body, name in (
        ({"name": "w", "obj_type": ["dcim.region"]}, "obj_type"),
        ({"name": "w", "obj_type": []}, "obj_type"),
        ({"name": "w", "obj_type": ["dcim.site"], "choices": [{"value": "x"}]}, "choices"),
        ({"name": "w", "obj_type": ["dcim.site"], "type": 200, "default": "x"}, "default"),
    ):
        status, reply = api.post(PATH, body)
        assert (status, list(reply)) == (400, [name])


def test_booleans_are_filtered_in_any_spelling_and_repeats_mean_or(api):
    field = api.make(PATH, name="flag", type=300, obj_type=["dcim.site"])
    site(api, "flag-on", custom_fields={"flag": True})
    site(api, "flag-off", custom_fields={"flag": False})
    for spelling in ("true", "1", "YES"):
        assert [each["slug"] for each in api.results("dcim/sites/", cf_flag=spelling)] == ["flag-on"]
    assert len(api.results("dcim/sites/", cf_flag=["0", "1"])) == 2
    assert api.results("dcim/sites/", cf_flag="hello") == []
    api.delete(f"{PATH}{field['id']}/")


def test_lookup_expressions_follow_from_the_type_of_a_field(api):
    kinds = {"text": 100, "number": 200, "flag": 300, "day": 400, "link": 500, "pick": 600}
    more = {"pick": {"choices": [{"value": "one"}, {"value": "two"}]}}
    made = {
        name: api.make(PATH, name=f"x_{name}", type=kind, obj_type=["dcim.site"], **more.get(name, {}))
        for name, kind in kinds.items()
    }
    one, two = (each["id"] for each in api.get(f"{PATH}{made['pick']['id']}/")[1]["choices"])
    first = {"text": "Core % North", "number": 9, "flag": True, "day": "2026-01-31", "link": "https://a/", "pick": one}
    second = {"text": "edge", "number": 10, "flag": False, "day": "2026-02-01", "link": "https://b/", "pick": two}
    for slug, given in (("x-1", first), ("x-2", second), ("x-3", {})):
        site(api, slug, custom_fields={f"x_{name}": value for name, value in given.items()})

    def found(**asked) -> list[str]:
        return [each["slug"] for each in api.results("dcim/sites/", slug=["x-1", "x-2", "x-3"], **asked)]

    for asked, slugs in (
        ({"cf_x_text__ic": "CORE"}, ["x-1"]),
        ({"cf_x_text__ic": "%"}, ["x-1"]),
        ({"cf_x_text__isw": "core"}, ["x-1"]),
        ({"cf_x_text__iew": "DGE"}, ["x-2"]),
        ({"cf_x_text__ie": "EDGE"}, ["x-2"]),
        ({"cf_x_text__nic": "core"}, ["x-2", "x-3"]),
        ({"cf_x_text__n": "core"}, ["x-2", "x-3"]),
        ({"cf_x_text__empty": "true"}, ["x-3"]),
        ({"cf_x_link__iew": "/b/"}, ["x-2"]),
        ({"cf_x_number__gt": 9}, ["x-2"]),
        ({"cf_x_number__lte": 9}, ["x-1"]),
        ({"cf_x_number__gte": "many"}, []),
        ({"cf_x_number__n": 9}, ["x-2", "x-3"]),
        ({"cf_x_number__empty": "false"}, ["x-1", "x-2"]),
        ({"cf_x_day__lt": "2026-02-01"}, ["x-1"]),
        ({"cf_x_day__gte": "2026-02-01"}, ["x-2"]),
        ({"cf_x_flag__n": "true"}, ["x-2", "x-3"]),
        ({"cf_x_flag__empty": "yes"}, ["x-3"]),
        ({"cf_x_pick__n": one}, ["x-2", "x-3"]),
        ({"cf_x_pick__empty": "no"}, ["x-1", "x-2"]),
    ):
        assert found(**asked) == slugs, asked
    strict = {"Prefer": "handling=strict"}
    for name in ("cf_x_flag__ic", "cf_x_number__ic", "cf_x_pick__gt", "cf_x_text__lt", "cf_x_text__like"):
        assert api.call("GET", f"dcim/sites/?{name}=1", headers=strict)[1].keys() == {name}
    api.patch(f"{PATH}{made['number']['id']}/", {"type": 100})
    assert found(cf_x_number__isw="1") == ["x-2"]
    for each in made.values():
        api.delete(f"{PATH}{each['id']}/")


def test_a_service_that_was_down_catches_up(make_stack):
    from tests.client import Client

    own = make_stack().start()
    api = Client(own.base_url, own.token)
    made = site(api, "down")
    api.make(PATH, name="before", obj_type=["dcim.site"])  # from now on extras need not ask dcim about its past
    own.kill("dcim")
    field = api.make(PATH, name="meanwhile", obj_type=["dcim.site"])
    own.wait_until_healthy()
    eventually(lambda: "meanwhile" in values(api, made), "the new field is seen")
    api.delete(f"{PATH}{field['id']}/")
    assert "meanwhile" not in values(api, made)


def stored(stack, made) -> set[int]:
    """The ids of the fields of which the database keeps a value for the site."""
    connection = psycopg2.connect(stack.database_url("dcim").replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT jsonb_object_keys(custom_fields)::integer FROM dcim_site WHERE id = %s", (made["id"],))
        found = {pk for (pk,) in cursor}
    connection.close()
    return found


def test_values_of_what_was_deleted_leave_with_the_next_write_and_no_others(api, stack):
    choices = [{"value": "one"}, {"value": "two"}]
    gone = api.make(PATH, name="gone", obj_type=["dcim.site"])
    pick = api.make(PATH, name="lostpick", type=600, obj_type=["dcim.site"], choices=choices)
    hidden = api.make(PATH, name="hidden", obj_type=["dcim.site", "tenancy.tenant"])
    one, two = pick["choices"]
    made = site(api, "leaving", custom_fields={"gone": "x", "lostpick": one["id"], "hidden": "y"})
    fields = {gone["id"], pick["id"], hidden["id"]}
    api.patch(f"{PATH}{pick['id']}/", {"choices": [two]})
    api.patch(f"{PATH}{hidden['id']}/", {"obj_type": ["tenancy.tenant"]})
    api.delete(f"{PATH}{gone['id']}/")
    assert fields <= stored(stack, made)
    api.patch(f"dcim/sites/{made['id']}/", {"description": "written"})
    assert stored(stack, made) & fields == {hidden["id"]}
    api.patch(f"{PATH}{hidden['id']}/", {"obj_type": ["dcim.site"]})
    assert values(api, made)["hidden"] == "y"
    for field in (pick, hidden):
        api.delete(f"{PATH}{field['id']}/")
