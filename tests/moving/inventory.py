"""An inventory with at least one object of every type, and everything that is hard to move."""

from io import BytesIO

from PIL import Image

from tests.client import Client
from tests.dcim.equipment import LAG, Equipment
from tests.factories import BY_LABEL, NOT_BY_JSON, Factory
from tests.secrets.conftest import Keeper

TYPES_OF_FIELDS = {"text": 100, "number": 200, "flag": 300, "day": 400, "link": 500, "colour": 600}
VALUES = {"text": "é ☃", "number": -7, "flag": False, "day": "2020-02-03", "link": "https://example.com/?a=1"}


class Inventory:
    """Fills the Patchbay of `api`, whose user is the superuser; `private_key` opens its secrets."""

    def __init__(self, api: Client) -> None:
        self.api, self.factory, self.equipment = api, Factory(api), Equipment(api)
        self.private_key = self._fill()

    def _fill(self) -> str:
        for label in sorted(BY_LABEL):
            if "POST" in BY_LABEL[label].methods and label not in NOT_BY_JSON:
                self.factory.make(label)
        self._custom_fields()
        self._circles()
        self._parts()
        self._deleted()
        self._pictures()
        return self._secrets()

    def _custom_fields(self) -> None:
        choices = [{"value": "red", "weight": 200}, {"value": "blue", "weight": 100}]
        for name, kind in TYPES_OF_FIELDS.items():
            given = {"choices": choices} if name == "colour" else {}
            self.api.make("extras/custom-fields/", name=name, type=kind, obj_type=["dcim.site", "ipam.vlan"], **given)
        colours = self.api.results("extras/custom-fields/", name="colour")[0]["choices"]
        blue = next(each["id"] for each in colours if each["value"] == "blue")
        self.factory.make("dcim.site", custom_fields=VALUES | {"colour": blue})
        self.factory.make("ipam.vlan", custom_fields={"number": 1})
        self.factory.make("dcim.site")
        # Those that are there lack what is now required of new ones.
        field = self.api.results("extras/custom-fields/", name="text")[0]
        assert self.api.patch(f"extras/custom-fields/{field['id']}/", {"required": True, "default": "given"})[0] == 200

    def _circles(self) -> None:
        """What refers to what refers to it, and what refers to a later one of its own type."""
        make, patch = self.api.make, self.api.patch
        master, member = self.equipment.make_device(), self.equipment.make_device()
        chassis = make("dcim/virtual-chassis/", master=master["id"], domain="one")["id"]
        assert patch(f"dcim/devices/{master['id']}/", {"vc_position": 1, "vc_priority": 9})[0] == 200
        assert patch(f"dcim/devices/{member['id']}/", {"virtual_chassis": chassis, "vc_position": 2})[0] == 200
        port = self.equipment.make_interface(member)
        lag = self.equipment.make_interface(member, form_factor=LAG)
        assert patch(f"dcim/interfaces/{port['id']}/", {"lag": lag["id"]})[0] == 200
        address = make("ipam/ip-addresses/", address="10.9.9.1/24", interface=port["id"])
        inside = make("ipam/ip-addresses/", address="10.9.9.2/24")
        assert patch(f"ipam/ip-addresses/{address['id']}/", {"nat_inside": inside["id"]})[0] == 200
        assert patch(f"dcim/devices/{member['id']}/", {"primary_ip4": address["id"]})[0] == 200
        above = make("dcim/regions/", name="Above", slug="above")
        below = make("dcim/regions/", name="Below", slug="below", parent=above["id"])
        make("dcim/regions/", name="Deep", slug="deep", parent=below["id"])
        machine = self.factory.make("virtualization.virtualmachine")
        port = make("virtualization/interfaces/", virtual_machine=machine["id"], name="eth0")
        inner = make("ipam/ip-addresses/", address="10.9.8.1/24", interface=port["id"])
        assert patch(f"virtualization/virtual-machines/{machine['id']}/", {"primary_ip4": inner["id"]})[0] == 200
        make("ipam/services/", name="ssh", device=member["id"], port=22, protocol=6, ipaddresses=[address["id"]])

    def _parts(self) -> None:
        """A device whose components are no longer those of its type, and connections of all sorts."""
        flags = {"is_console_server": True, "is_pdu": True, "subdevice_role": True}
        kind = self.equipment.make_type(**flags)
        for path in ("console-server-port", "power-outlet", "interface", "device-bay"):
            self.api.make(f"dcim/{path}-templates/", device_type=kind["id"], name=f"{path} 1")
        parent = self.equipment.make_device(kind)
        (bay,) = self.api.results("dcim/device-bays/", device_id=parent["id"])
        child = self.equipment.make_device(self.equipment.make_type(subdevice_role=False, u_height=0))
        assert self.api.patch(f"dcim/device-bays/{bay['id']}/", {"installed_device": child["id"]})[0] == 200
        (made,) = self.api.results("dcim/interfaces/", device_id=parent["id"])
        assert self.api.delete(f"dcim/interfaces/{made['id']}/")[0] == 204
        self.equipment.connect(self.equipment.make_interface(parent), self.equipment.make_interface(child))
        (server,) = self.api.results("dcim/console-server-ports/", device_id=parent["id"])
        (outlet,) = self.api.results("dcim/power-outlets/", device_id=parent["id"])
        self.api.make("dcim/console-ports/", device=child["id"], name="con", cs_port=server["id"])
        planned = {"power_outlet": outlet["id"], "connection_status": False}
        self.api.make("dcim/power-ports/", device=child["id"], name="psu", **planned)

    def _deleted(self) -> None:
        """Ids are missing in between."""
        gone = self.factory.make("dcim.site")
        self.factory.make("dcim.site")
        assert self.api.delete(f"dcim/sites/{gone['id']}/")[0] == 204

    def _pictures(self) -> None:
        site = self.factory.make("dcim.site")
        for name in ("Front", ""):
            file = BytesIO()
            Image.new("RGB", (3, 2), "red").save(file, "PNG")
            form = {"content_type": "dcim.site", "object_id": site["id"], "name": name}
            reply = self.api.request(
                "POST", "extras/image-attachments/", data=form, files={"image": ("a picture.png", file.getvalue())}
            )
            assert reply.status_code == 201, reply.text

    def _secrets(self) -> str:
        token = str(self.api.session.headers["Authorization"]).split()[1]
        keeper = Keeper(self.api, self.api.get("users/users/1/")[1], token)
        keeper.make_key()
        keeper.unlock()
        somebody = keeper.make("users/users/", username="somebody", password="correct horse", first_name="Some")
        role = keeper.make("secrets/secret-roles/", name="Root", slug="root", users=[somebody["id"]])
        device = self.equipment.make_device()
        keeper.make("secrets/secrets/", device=device["id"], role=role["id"], name="root", plaintext="påsswörd")
        return keeper.pair["private_key"]
