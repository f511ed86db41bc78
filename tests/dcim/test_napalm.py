"""Asking devices live: with NAPALM's own mock driver, and what is said when something for it is missing."""

import json
import sys
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from services.dcim.devices import napalm
from shared.http.errors import ServiceUnavailable
from tests.client import Client
from tests.dcim.equipment import Equipment

FACTS = {"hostname": "sw1", "uptime": 42, "interface_list": ["eth0"]}


@pytest.fixture(scope="module")
def equipment(make_stack, tmp_path_factory):
    """Equipment in a stack whose mock devices answer `get_facts`."""
    answers = tmp_path_factory.mktemp("answers")
    (answers / "get_facts.1").write_text(json.dumps(FACTS))
    for folder in (answers, *answers.parents[:2]):
        folder.chmod(0o755)
    arguments = json.dumps({"path": str(answers)})
    running = make_stack(NAPALM_USERNAME="operator", NAPALM_PASSWORD="unspoken", NAPALM_ARGS=arguments).start()
    return Equipment(Client(running.base_url, running.token))


def platform(equipment, **given):
    return equipment._named("dcim/platforms/", **given)["id"]


def give_address(equipment, device):
    interface = equipment.make_interface(device)
    address = equipment.api.make("ipam/ip-addresses/", address="192.0.2.1/24", interface=interface["id"])
    assert equipment.api.patch(f"dcim/devices/{device['id']}/", {"primary_ip4": address["id"]})[0] == 200


def test_a_device_answers_or_says_what_it_lacks(equipment):
    api = equipment.api
    device = equipment.make_device()

    def ask(*methods):
        return api.get(f"dcim/devices/{device['id']}/napalm/", method=list(methods))

    def now(**changes):
        assert api.patch(f"dcim/devices/{device['id']}/", changes)[0] == 200

    assert api.get("dcim/devices/999999/napalm/", method="get_facts")[0] == 404
    lacks = [ask("get_facts")]
    give_address(equipment, device)
    lacks.append(ask("get_facts"))
    now(platform=platform(equipment))
    lacks.append(ask("get_facts"))
    now(platform=platform(equipment, napalm_driver="nonesuch"))
    lacks.append(ask("get_facts"))
    assert [status for status, _ in lacks] == [503] * 4
    assert len({reply["detail"] for _, reply in lacks}) == 4
    if find_spec("napalm"):
        now(platform=platform(equipment, napalm_driver="mock"))
        status, reply = ask("get_facts", "get_nothing_of_the_kind", "close", "get_users")
        assert (status, reply["get_facts"]) == (200, FACTS)
        assert list(reply) == ["get_facts", "get_nothing_of_the_kind", "close", "get_users"]
        assert all(list(reply[method]) == ["error"] for method in list(reply)[1:])
        assert Client(api.base_url).get(f"dcim/devices/{device['id']}/napalm/", method="get_facts")[0] == 403


def test_without_the_library_the_service_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "napalm", None)
    with pytest.raises(ServiceUnavailable) as refused:
        napalm._driver(SimpleNamespace(platform_id=1, napalm_driver="ios"))
    assert "patchbay[napalm]" in refused.value.body["detail"]
