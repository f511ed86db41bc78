"""What belongs to an object is on its page."""

import re
from html import unescape
from io import BytesIO

import pytest
import requests
from PIL import Image


@pytest.fixture(scope="module")
def place(api):
    """A site with a rack, in which a switch stands that has an address and carries a VLAN, and what goes with it."""
    site = api.make("dcim/sites/", name="Looked at", slug="looked-at")
    rack = api.make("dcim/racks/", name="Rack L", site=site["id"], u_height=4)
    maker = api.make("dcim/manufacturers/", name="Looked", slug="looked")
    kind = api.make("dcim/device-types/", manufacturer=maker["id"], model="Looked", slug="looked")
    role = api.make("dcim/device-roles/", name="Looked", slug="looked", color="607d8b")
    given = {"device_type": kind["id"], "device_role": role["id"], "site": site["id"], "rack": rack["id"], "face": 0}
    devices = [api.make("dcim/devices/", name=f"looked-{unit}", position=unit, **given) for unit in (1, 2)]
    vlan = api.make("ipam/vlans/", vid=321, name="Looked at", site=site["id"])
    carrying = {"mode": 200, "tagged_vlans": [vlan["id"]]}
    ports = [
        api.make("dcim/interfaces/", device=device["id"], name="Eth7", form_factor=1000, **carrying)
        for device in devices
    ]
    api.make("dcim/interface-connections/", interface_a=ports[0]["id"], interface_b=ports[1]["id"])
    prefix = api.make("ipam/prefixes/", prefix="100.80.0.0/24", site=site["id"], vlan=vlan["id"])
    api.make("ipam/prefixes/", prefix="100.80.0.64/26")
    api.make("ipam/ip-addresses/", address="100.80.0.65/26", interface=ports[0]["id"])
    return {"site": site, "rack": rack, "devices": devices, "vlan": vlan, "prefix": prefix, "ports": ports}


def part(person, path: str, name: str) -> str:
    """The section `name` of what belongs to the object at `path`, as text."""
    page = person.get(path).text
    found = re.search(rf'<section class="part" id="{name}">.*?</section>', page, re.DOTALL)
    assert found, f"{path} has no {name}"
    return unescape(found[0])


def test_a_site_shows_what_is_there(person, place):
    path = f"/api/dcim/sites/{place['site']['id']}/"
    assert f'<a href="/api/dcim/racks/{place["rack"]["id"]}/">Rack L</a>' in part(person, path, "racks")
    assert "looked-1" in part(person, path, "devices")
    assert "100.80.0.0/24" in part(person, path, "prefixes")
    assert "321 (Looked at)" in part(person, path, "vlans")


def test_a_device_shows_its_interfaces_addresses_and_place(person, place):
    first, second = place["devices"]
    path = f"/api/dcim/devices/{first['id']}/"
    assert "looked-2 · Eth7" in part(person, path, "interfaces")
    assert "100.80.0.65/26" in part(person, path, "ip-addresses")
    drawn = person.get(path).text.split("<figcaption>Position</figcaption>")[1].split("</figure>")[0]
    faint = {int(pk): "fill-opacity" in shape for pk, shape in re.findall(r'/devices/(\d+)/">(.*?)</a>', drawn)}
    assert faint == {first["id"]: False, second["id"]: True}


def test_a_rack_shows_its_devices_front_and_rear(person, place):
    page = person.get(f"/api/dcim/racks/{place['rack']['id']}/").text
    assert ">Front</text>" in page and ">Rear</text>" in page
    assert "looked-2" in part(person, f"/api/dcim/racks/{place['rack']['id']}/", "devices")


def test_a_vlan_shows_its_prefixes_and_the_interfaces_that_carry_it(person, place):
    path = f"/api/ipam/vlans/{place['vlan']['id']}/"
    assert "100.80.0.0/24" in part(person, path, "prefixes")
    shown = part(person, path, "interfaces")
    assert "looked-1" in shown and "looked-2" in shown
    assert f'href="/api/dcim/interfaces/?vlan_id={place["vlan"]["id"]}"' in shown


def test_a_prefix_shows_what_lies_in_it_and_what_is_free(person, place):
    path = f"/api/ipam/prefixes/{place['prefix']['id']}/"
    assert "100.80.0.64/26" in part(person, path, "prefixes")
    assert "100.80.0.65/26" in part(person, path, "ip-addresses")
    drawn = person.get(path).text.split("<figcaption>Map</figcaption>")[1].split("</figure>")[0]
    assert re.findall(r"100\.80\.0\.\d+/\d+(?: free)?(?=</text>)", drawn) == [
        "100.80.0.0/26 free",
        "100.80.0.64/26",
        "100.80.0.128/25 free",
    ]


def test_more_than_a_page_shows_is_counted_and_linked(api, person):
    site = api.make("dcim/sites/", name="Much", slug="much")
    assert api.post("dcim/racks/", [{"name": f"Much {each}", "site": site["id"]} for each in range(53)])[0] == 201
    shown = part(person, f"/api/dcim/sites/{site['id']}/", "racks")
    assert f'<a href="/api/dcim/racks/?site_id={site["id"]}">3 more</a>' in shown


def test_what_has_nothing_yet_is_linked(api, person):
    site = api.make("dcim/sites/", name="Bare of all", slug="bare-of-all")
    page = person.get(f"/api/dcim/sites/{site['id']}/").text
    assert f'<a href="/api/dcim/racks/?site_id={site["id"]}">Racks</a> <span class="none">none</span>' in page


def test_a_picture_is_shown_where_it_belongs(api, person, place):
    picture = BytesIO()
    Image.new("RGB", (3, 2)).save(picture, "PNG")
    page = "/api/extras/image-attachments/"
    sent = {
        "_csrf": person.csrf(page),
        "_method": "POST",
        "content_type": "dcim.site",
        "object_id": place["site"]["id"],
    }
    files = {"image": ("site.png", picture.getvalue())}
    made = person.session.post(person.base_url + page, data=sent, files=files, timeout=60)
    assert made.status_code == 200
    for shown in (made.text, part(person, f"/api/dcim/sites/{place['site']['id']}/", "image-attachments")):
        source = re.search(r'<img class="picture" src="(/media/[^"]+)"', shown)[1]
        assert person.get(source).headers["Content-Type"] == "image/png"


def test_a_graph_is_shown_and_only_its_site_may_send_pictures(api, person, place):
    api.make(
        "extras/graphs/",
        type=300,
        name="Traffic",
        source="https://graphs.example.net/{{ obj.slug }}.png",
        link="https://graphs.example.net/",
    )
    page = person.get(f"/api/dcim/sites/{place['site']['id']}/")
    assert '<img src="https://graphs.example.net/looked-at.png" alt="Traffic"' in page.text
    # Other tests may have left graphs of sites, with pictures from elsewhere.
    assert "https://graphs.example.net" in sources_of_pictures(page)
    elsewhere = person.get(f"/api/dcim/racks/{place['rack']['id']}/")
    assert sources_of_pictures(elsewhere) == ["'self'", "data:"]


def sources_of_pictures(page: requests.Response) -> list[str]:
    """From where a page lets the browser take pictures."""
    directives = page.headers["Content-Security-Policy"].split("; ")
    return next(each.split()[1:] for each in directives if each.startswith("img-src "))


def test_a_map_of_connections_is_a_picture_on_its_page(api, person):
    made = api.make("extras/topology-maps/", name="Shown", slug="shown", device_patterns="looked-.*")
    page = person.get(f"/api/extras/topology-maps/{made['id']}/").text
    assert f'<img src="/api/extras/topology-maps/{made["id"]}/render/" alt="Render of Shown">' in page
