"""Inventory items and device bays: parts within parts, devices within devices."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client import Client


@pytest.fixture
def item(api, equipment):
    """Makes items of one device."""
    device = equipment.make_device()

    def make(name, **given):
        return api.make("dcim/inventory-items/", **({"device": device["id"], "name": name} | given))

    return make


def patch(api, item, **changes):
    return api.patch(f"dcim/inventory-items/{item['id']}/", changes)


def test_an_item_is_not_inside_itself(api, item):
    outer = item("outer")
    middle = item("middle", parent=outer["id"])
    inner = item("inner", parent=middle["id"])
    for wrong in (outer, middle, inner):
        status, reply = patch(api, outer, parent=wrong["id"])
        assert (status, list(reply)) == (400, ["parent"])
    assert patch(api, inner, parent=outer["id"])[0] == 200
    assert api.get(f"dcim/inventory-items/{inner['id']}/")[1]["parent"] == outer["id"]


def test_two_moves_at_once_close_no_cycle(api, item, stack):
    for attempt in range(5):
        one, other = item(f"one {attempt}"), item(f"other {attempt}")
        moves = [(one["id"], other["id"]), (other["id"], one["id"])]

        def move(ids):
            return Client(stack.base_url, stack.token).patch(f"dcim/inventory-items/{ids[0]}/", {"parent": ids[1]})[0]

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(move, moves)) == [200, 400]


def test_a_parent_is_on_the_same_device(api, item, equipment):
    outer, elsewhere = item("outer"), equipment.make_device()
    body = {"device": elsewhere["id"], "name": "stray", "parent": outer["id"]}
    status, reply = api.post("dcim/inventory-items/", body)
    assert (status, list(reply)) == (400, ["parent"])


def test_an_item_with_others_inside_stays_on_its_device(api, item, equipment):
    outer = item("outer")
    item("inner", parent=outer["id"])
    status, reply = patch(api, outer, device=equipment.make_device()["id"])
    assert (status, list(reply)) == (400, ["device"])


def test_names_repeat_only_without_a_parent(api, item):
    outer = item("same")
    item("same")
    item("inner", parent=outer["id"])
    body = {"device": outer["device"], "name": "inner", "parent": outer["id"]}
    assert api.post("dcim/inventory-items/", body)[0] == 400


def test_items_go_with_the_one_they_are_in(api, item):
    outer = item("outer")
    inner = item("inner", parent=outer["id"])
    assert api.delete(f"dcim/inventory-items/{outer['id']}/")[0] == 204
    assert api.get(f"dcim/inventory-items/{inner['id']}/")[0] == 404


def test_numbers_are_searched_as_a_whole_and_names_in_part(api, item):
    made = item("power supply", serial="SerialX-1", asset_tag="TagX-1")
    for words in ("POWER SUP", "serialx-1", "tagx-1"):
        assert made["id"] in [each["id"] for each in api.results("dcim/inventory-items/", q=words)]
    assert api.results("dcim/inventory-items/", q="serialx") == []


def test_a_put_without_parent_takes_the_item_out(api, item):
    outer = item("outer")
    inner = item("inner", parent=outer["id"])
    body = {"device": outer["device"], "name": "inner"}
    assert api.put(f"dcim/inventory-items/{inner['id']}/", body)[1]["parent"] is None


def test_only_parent_types_have_bays_and_no_device_holds_itself(api, equipment):
    plain = equipment.make_device()
    assert api.post("dcim/device-bays/", {"device": plain["id"], "name": "bay"})[0] == 400
    parent = equipment.make_device(equipment.make_type(subdevice_role=True))
    bay = api.make("dcim/device-bays/", device=parent["id"], name="bay")
    assert api.patch(f"dcim/device-bays/{bay['id']}/", {"installed_device": parent["id"]})[0] == 400


def test_a_device_is_in_one_bay(api, equipment):
    parent = equipment.make_device(equipment.make_type(subdevice_role=True))
    child = equipment.make_device(equipment.make_type(subdevice_role=False, u_height=0))
    api.make("dcim/device-bays/", device=parent["id"], name="bay 1", installed_device=child["id"])
    body = {"device": parent["id"], "name": "bay 2", "installed_device": child["id"]}
    status, reply = api.post("dcim/device-bays/", body)
    assert (status, list(reply)) == (400, ["installed_device"])
