"""Image attachments: real pictures only, on sites, racks and devices, gone with what they are of."""

import re
import struct
import zlib
from io import BytesIO

from PIL import Image

PATH = "extras/image-attachments/"


def picture(kind="PNG"):
    content = BytesIO()
    Image.new("RGB", (30, 20), "red").save(content, kind)
    return content.getvalue()


def declared(width, height):
    """A picture that says it is so large."""
    header = picture()[:16] + struct.pack(">II", width, height) + b"\x08\x02\0\0\0"
    return header + struct.pack(">I", zlib.crc32(header[12:])) + picture()[33:]


def upload(api, parent, content, filename="photo.png", **form):
    form = {"content_type": "dcim.site", "object_id": parent["id"], **form}
    return api.call("POST", PATH, data=form, files={"image": (filename, content)})


def test_a_picture_is_kept_served_and_removed(api, stack):
    site = api.make("dcim/sites/", name="Pictured", slug="pictured")
    status, made = upload(api, site, picture(), name="front door")
    assert status == 201, made
    _, read = api.get(f"{PATH}{made['id']}/")
    assert (read["image_width"], read["image_height"]) == (30, 20)
    assert read["parent"]["name"] == "Pictured"
    served = api.session.get(read["image"], timeout=60)
    assert (served.status_code, served.content) == (200, picture())
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    api.delete(f"dcim/sites/{site['id']}/")
    assert api.get(f"{PATH}{made['id']}/")[0] == 404
    assert api.session.get(read["image"], timeout=60).status_code == 404


def test_a_file_is_named_after_its_parent_and_what_it_is_called(api):
    site = api.make("dcim/sites/", name="Named", slug="named")
    start = f"{api.base_url}/media/image-attachments/site_{site['id']}_"
    assert upload(api, site, picture(), "../my photo.PNG")[1]["image"] == f"{start}my_photo.png"
    first = upload(api, site, picture("JPEG"), "x.jpeg", name="front door")[1]["image"]
    assert first == f"{start}front_door.jpeg"
    second = upload(api, site, picture("GIF"), "x.jpeg", name="front door")[1]["image"]
    assert re.fullmatch(re.escape(f"{start}front_door_") + r"[0-9a-f]{7}\.jpeg", second)
    assert api.session.get(first, timeout=60).content == picture("JPEG")
    assert api.session.get(second, timeout=60).content == picture("GIF")


def test_only_pictures_of_the_right_things(api):
    site = api.make("dcim/sites/", name="Unpictured", slug="unpictured")
    for content, filename in (
        (b"<svg onload=alert(1)>", "x.svg"),
        (b"", "x.png"),
        (picture()[:40], "x.png"),
        (picture(), "x.html"),
        (picture(), "x"),
        (declared(30_000, 30_000), "x.png"),
        (declared(40_000, 1), "x.png"),
    ):
        status, reply = upload(api, site, content, filename)
        assert (status, list(reply)) == (400, ["image"])
    assert list(upload(api, site, picture(), content_type="dcim.region")[1]) == ["content_type"]
    assert list(upload(api, {"id": 999999}, picture())[1]) == ["non_field_errors"]
    form = {"content_type": "dcim.site", "object_id": site["id"]}
    reply = api.call("POST", PATH, data=form, files={"other": ("x", b"x")})
    assert reply == (400, {"image": ["No file was submitted."]})
    status, reply = api.post(PATH, {"content_type": "dcim.site", "object_id": site["id"], "image": "x"})
    assert (status, list(reply)) == (400, ["image"])


def test_the_address_of_its_picture_stands_for_it_and_no_other(api):
    site = api.make("dcim/sites/", name="Kept", slug="kept-picture")
    made, other = upload(api, site, picture())[1], upload(api, site, picture("GIF"), "y.gif")[1]
    path = f"{PATH}{made['id']}/"
    read = api.get(path)[1]
    for write in (api.put, api.patch):
        assert write(path, read)[0] == 200
        assert api.get(path)[1] == read
    status, reply = api.patch(path, {"image": other["image"]})
    assert (status, list(reply)) == (400, ["image"])
