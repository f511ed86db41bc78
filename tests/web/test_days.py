"""A day's work in Chromium, by mouse and by keyboard alone: a site is planned and racked, two switches are cabled, a
prefix and addresses are taken, what hangs on a VLAN is found, and a mistake is undone.
"""

import pytest

from tests.running import eventually
from tests.web.chromium import IN_A_BROWSER

pytestmark = IN_A_BROWSER


class Mouse:
    """Somebody who points and clicks, and types only what has to be typed."""

    def __init__(self, page):
        self.page = page

    def press(self, target) -> None:
        target.click()

    def type_into(self, target, text: str) -> None:
        target.click(click_count=3)  # which selects what is there
        self.page.keyboard.type(text)

    def choose(self, select, label: str) -> None:
        select.click()
        select.select_option(label=label)  # the list that drops down is the system's own


class Keyboard:
    """Somebody who has no mouse: every target is reached by Tab."""

    def __init__(self, page):
        self.page = page

    def press(self, target) -> None:
        self.reach(target)
        self.page.keyboard.press("Enter")

    def type_into(self, target, text: str) -> None:
        self.reach(target)
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(text)

    def choose(self, select, label: str) -> None:
        self.reach(select)
        self.page.keyboard.type(label)

    def reach(self, target) -> None:
        """Tab to `target` from where the focus is: further on, and round past the end of the page."""
        wanted = target.element_handle()
        seen = 0
        while not wanted.evaluate("each => each === document.activeElement"):
            self.page.keyboard.press("Tab")
            seen += 1
            assert seen < 1000, f"no Tab reaches {target}"


class Worker:
    """What somebody does on the pages, by `hand`."""

    def __init__(self, page, hand):
        self.page, self.hand = page, hand

    def open(self, section: str) -> None:
        """The list called `section`, by the menu that is on every page."""
        self.hand.press(self.page.locator(".menu > summary"))
        self.hand.press(self.page.locator(".menu").get_by_role("link", name=section, exact=True).first)
        self.page.get_by_role("heading", level=1, name=section, exact=True).wait_for()

    def follow(self, link) -> None:
        name = link.inner_text()
        self.hand.press(link)
        self.page.get_by_role("heading", level=1, name=name).wait_for()

    def create(self, section: str, **filled: str) -> None:
        self.open(section)
        self.hand.press(self.page.locator("#post > summary"))
        for name, text in filled.items():
            field = self.page.locator(f"#post [name={name}]")
            (self.hand.choose if field.evaluate("it => it.tagName") == "SELECT" else self.hand.type_into)(field, text)
        self.hand.press(self.page.locator("#post button.main"))
        self.page.get_by_role("status").wait_for()


@pytest.fixture(scope="module")
def catalogue(api):
    """What a planner finds there: a type of switch and a role."""
    maker = api.make("dcim/manufacturers/", name="Daily", slug="daily")
    api.make("dcim/device-types/", manufacturer=maker["id"], model="Daily switch", slug="daily-switch")
    api.make("dcim/device-roles/", name="Daily role", slug="daily-role", color="607d8b")


@pytest.mark.parametrize("kind", [Mouse, Keyboard])
def test_a_day_of_work(kind, logged_in, api, catalogue):
    page, name = logged_in, kind.__name__
    slug, octet = name.lower(), {"Mouse": "210", "Keyboard": "211"}[name]
    worker = Worker(page, kind(page))
    worker.create("Sites", name=f"Day {name}", slug=f"day-{slug}")
    worker.create("Racks", name=f"Rack {name}", site=f"Day {name}", u_height="4")
    switch = {"device_type": "Daily switch", "device_role": "Daily role", "site": f"Day {name}", "rack": f"Rack {name}"}
    for unit in ("1", "2"):
        worker.create("Devices", name=f"{slug}-{unit}", **switch, position=unit, face="Front")
        worker.create("Interfaces", device=f"{slug}-{unit}", name="Ethernet48")
    sides = {f"interface_{side}": f"{slug}-{unit} ethernet48" for side, unit in (("a", 1), ("b", 2))}
    worker.create("Interface connections", **sides)
    worker.create("VLANs", site=f"Day {name}", vid=octet, name=f"VLAN {name}")
    worker.create("Prefixes", prefix=f"100.{octet}.0.0/24", site=f"Day {name}", vlan=f"VLAN {name}")
    worker.create("IP addresses", address=f"100.{octet}.0.1/24", interface=f"{slug}-1 ethernet48")

    # The next free address, from the page of its prefix.
    worker.open("Prefixes")
    worker.hand.type_into(page.get_by_label("Search this list"), f"100.{octet}.0.0/24")
    worker.hand.press(page.get_by_role("main").get_by_role("button", name="Search"))
    worker.follow(page.get_by_role("link", name=f"100.{octet}.0.0/24"))
    worker.hand.press(page.get_by_role("link", name="Available IPs"))
    worker.hand.type_into(page.locator("#post [name=description]"), f"by {slug}")
    worker.hand.press(page.locator("#post button.main"))
    page.get_by_role("status").wait_for()
    taken = api.results("ipam/ip-addresses/", parent=f"100.{octet}.0.0/24")
    assert {each["address"]: each["description"] for each in taken} == {
        f"100.{octet}.0.1/24": "",
        f"100.{octet}.0.2/24": f"by {slug}",
    }

    # What hangs on the VLAN, and where its site is; then the rack, and what its switch is connected to.
    worker.open("VLANs")
    worker.follow(page.get_by_role("link", name=f"VLAN {name}"))
    assert f"100.{octet}.0.0/24" in page.locator("#prefixes").inner_text()
    worker.follow(page.get_by_role("link", name=f"Day {name}").first)
    worker.follow(page.locator("#racks").get_by_role("link", name=f"Rack {name}"))
    assert page.locator(".drawing a").count() >= 2
    worker.follow(page.locator("#devices").get_by_role("link", name=f"{slug}-1"))
    assert f"{slug}-2 · Ethernet48" in page.locator("#interfaces").inner_text()
    assert f"100.{octet}.0.1/24" in page.locator("#ip-addresses").inner_text()

    # Two are changed at once, and what was made by mistake is deleted.
    worker.open("Devices")
    worker.hand.type_into(page.get_by_label("Search this list"), f"{slug}-")
    worker.hand.press(page.get_by_role("main").get_by_role("button", name="Search"))
    for unit in ("1", "2"):
        tick(worker.hand, page.get_by_label(f"Select {slug}-{unit}"))
    worker.hand.press(page.get_by_role("main").get_by_role("button", name="Edit"))
    worker.hand.type_into(page.locator("#bulk [name=comments]"), "planned")
    worker.hand.press(page.locator("#bulk button.main"))
    page.get_by_role("status").wait_for()
    found = api.results("dcim/devices/", q=f"{slug}-")
    assert [each["comments"] for each in found] == ["planned", "planned"]

    # It was meant for one of them only.
    mistaken = {"changed_object_type": "dcim.device", "changed_object_id": found[0]["id"], "action": 2}
    eventually(lambda: api.results("extras/object-changes/", **mistaken), "the change is told")
    worker.open("Devices")
    worker.hand.type_into(page.get_by_label("Search this list"), f"{slug}-")
    worker.hand.press(page.get_by_role("main").get_by_role("button", name="Search"))
    worker.follow(page.get_by_role("link", name=f"{slug}-1"))
    worker.hand.press(page.locator("#history").get_by_role("link", name="Undo…").first)
    worker.hand.press(page.get_by_role("main").get_by_role("button", name="Undo"))
    page.get_by_role("status").wait_for()
    assert [each["comments"] for each in api.results("dcim/devices/", q=f"{slug}-")] == ["", "planned"]

    worker.create("Racks", name=f"Mistake {name}", site=f"Day {name}")
    worker.hand.press(page.locator("details.danger > summary"))
    worker.hand.press(page.locator("details.danger button.main"))
    page.get_by_role("status").wait_for()
    assert api.results("dcim/racks/", name=f"Mistake {name}") == []


def tick(hand, box) -> None:
    """A box is ticked with the space bar where there is no mouse."""
    if isinstance(hand, Keyboard):
        hand.reach(box)
        hand.page.keyboard.press("Space")
    else:
        hand.press(box)
