"""Where devices stand: one winner for a unit, what keeps a rack or a type from changing, and what moves along."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client import Client


@pytest.fixture
def rack(api, equipment):
    site = equipment.make_site()
    return api.make("dcim/racks/", name="rack", site=site["id"], u_height=10)


def placed(equipment, rack, position, face=0, type_=None, **given) -> dict:
    type_ = type_ or equipment.make_type()
    place = {"site": rack["site"], "rack": rack["id"], "position": position, "face": face}
    return {"device_type": type_["id"], "device_role": equipment.role["id"], **place, **given}


def units(api, rack, **asked) -> dict:
    return {unit["id"]: unit["device"] for unit in api.results(f"dcim/racks/{rack['id']}/units/", **asked)}


def at_once(stack, path, body) -> list:
    """The replies to four clients that post the same at the same moment."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda _: Client(stack.base_url, stack.token).post(path, body), range(4)))


def test_of_two_at_once_one_gets_the_unit(stack, equipment, rack):
    type_ = equipment.make_type()
    for position in range(1, 6):
        replies = at_once(stack, "dcim/devices/", placed(equipment, rack, position, type_=type_))
        assert sorted(status for status, _ in replies) == [201, 400, 400, 400]
        assert all("non_field_errors" in reply for status, reply in replies if status == 400)


def test_a_bulk_request_cannot_place_two_devices_into_one_unit(api, equipment, rack):
    status, reply = api.post("dcim/devices/", [placed(equipment, rack, 3, 0), placed(equipment, rack, 3, 1)])
    assert status == 400
    assert reply[0] == {}
    assert "non_field_errors" in reply[1]
    assert not any(units(api, rack).values())


@pytest.mark.parametrize("face", ["x", "1.5", "99999999999"])
def test_a_face_that_is_no_number_is_refused(api, rack, face):
    status, reply = api.get(f"dcim/racks/{rack['id']}/units/", face=face)
    assert status == 400
    assert "face" in reply


def test_a_rack_stays_as_high_as_its_topmost_device(api, equipment, rack):
    api.make("dcim/devices/", **placed(equipment, rack, 9, type_=equipment.make_type(u_height=2)))
    status, reply = api.patch(f"dcim/racks/{rack['id']}/", {"u_height": 9})
    assert (status, list(reply)) == (400, ["non_field_errors"])


def test_a_type_does_not_outgrow_the_place_of_its_devices(api, equipment, rack):
    type_ = equipment.make_type()
    api.make("dcim/devices/", **placed(equipment, rack, 3, type_=type_))
    api.make("dcim/devices/", **placed(equipment, rack, 5))
    assert api.patch(f"dcim/device-types/{type_['id']}/", {"u_height": 3})[0] == 400
    assert api.patch(f"dcim/device-types/{type_['id']}/", {"u_height": 2})[0] == 200
    assert units(api, rack)[4] == units(api, rack)[3] is not None


def test_a_type_does_not_grow_while_one_of_its_devices_moves(api, equipment, rack, stack):
    there = api.make("dcim/racks/", name="there", site=rack["site"], u_height=10)
    for position in range(2, 11, 2):
        type_ = equipment.make_type()
        device = api.make("dcim/devices/", **placed(equipment, rack, 1, type_=type_))
        api.make("dcim/devices/", **placed(equipment, there, position))
        growth = f"dcim/device-types/{type_['id']}/", {"u_height": 2}
        move = f"dcim/devices/{device['id']}/", {"rack": there["id"], "position": position - 1}
        with ThreadPoolExecutor(2) as pool:
            replies = pool.map(lambda change: Client(stack.base_url, stack.token).patch(*change)[0], (growth, move))
            assert sorted(replies) == [200, 400]
        api.delete(f"dcim/devices/{device['id']}/")


def test_devices_go_where_their_rack_goes(api, equipment, rack):
    device = api.make("dcim/devices/", **placed(equipment, rack, 3))
    site = equipment.make_site()
    api.patch(f"dcim/racks/{rack['id']}/", {"site": site["id"]})
    _, moved = api.get(f"dcim/devices/{device['id']}/")
    assert moved["site"]["id"] == site["id"]
    assert moved["last_updated"] == device["last_updated"]


def test_a_child_goes_where_its_parent_goes(api, equipment, rack):
    parent = equipment.make_device(equipment.make_type(subdevice_role=True))
    child = equipment.make_device(equipment.make_type(subdevice_role=False, u_height=0))
    bay = api.make("dcim/device-bays/", device=parent["id"], name="bay", installed_device=child["id"])
    status, _ = api.patch(f"dcim/devices/{parent['id']}/", {"site": rack["site"], "rack": rack["id"]})
    assert status == 200
    _, shown = api.get(f"dcim/devices/{child['id']}/")
    assert (shown["site"]["id"], shown["rack"]["id"]) == (rack["site"], rack["id"])
    assert (shown["parent_device"]["id"], shown["parent_device"]["device_bay"]["id"]) == (parent["id"], bay["id"])


def test_a_device_that_its_parent_takes_along_takes_no_unit(api, equipment, rack):
    parent = equipment.make_device(equipment.make_type(subdevice_role=True))
    elsewhere = api.make("dcim/racks/", name="elsewhere", site=rack["site"])
    installed = api.make("dcim/devices/", **placed(equipment, elsewhere, 3))
    there = api.make("dcim/devices/", **placed(equipment, rack, 3))
    api.make("dcim/device-bays/", device=parent["id"], name="bay", installed_device=installed["id"])
    assert api.patch(f"dcim/devices/{parent['id']}/", {"site": rack["site"], "rack": rack["id"]})[0] == 200
    _, shown = api.get(f"dcim/devices/{installed['id']}/")
    assert (shown["rack"]["id"], shown["position"], shown["face"]) == (rack["id"], None, None)
    assert units(api, rack)[3]["id"] == there["id"]


def test_of_two_at_once_one_reserves_the_unit(stack, rack):
    body = {"rack": rack["id"], "units": [1, 2], "user": 1, "description": "mine"}
    replies = at_once(stack, "dcim/rack-reservations/", body)
    assert sorted(status for status, _ in replies) == [201, 400, 400, 400]
