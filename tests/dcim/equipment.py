"""What tests of components start from: device types with every flag, and devices of them with unique names."""

from itertools import count

from tests.client import Client

_numbers = count(1)
COPPER, LAG, VIRTUAL, WIRELESS = 1000, 200, 0, 2600


class Equipment:
    """Devices at sites of their own, made through the API."""

    def __init__(self, api: Client):
        self.api = api
        self.manufacturer = self._named("dcim/manufacturers/")
        self.role = self._named("dcim/device-roles/", color="aabbcc")
        self.site = self.make_site()

    def make_site(self) -> dict:
        return self._named("dcim/sites/")

    def make_type(self, **flags) -> dict:
        name = f"equipment-{next(_numbers)}"
        return self.api.make("dcim/device-types/", manufacturer=self.manufacturer["id"], model=name, slug=name, **flags)

    def make_device(self, type_: dict | None = None, **given) -> dict:
        wanted = {
            "name": f"equipment-{next(_numbers)}",
            "device_type": (type_ or self.make_type())["id"],
            "device_role": self.role["id"],
            "site": self.site["id"],
        }
        return self.api.make("dcim/devices/", **(wanted | given))

    def make_interface(self, device: dict | None = None, **given) -> dict:
        device = device or self.make_device()
        wanted = {"device": device["id"], "name": f"eth{next(_numbers)}", "form_factor": COPPER}
        return self.api.make("dcim/interfaces/", **(wanted | given))

    def connect(self, a: dict, b: dict) -> dict:
        return self.api.make("dcim/interface-connections/", interface_a=a["id"], interface_b=b["id"])

    def _named(self, path: str, **given) -> dict:
        name = f"equipment-{next(_numbers)}"
        return self.api.make(path, name=name, slug=name, **given)
