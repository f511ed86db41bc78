"""Topology maps: drawn by graphviz of what dcim and circuits answer."""

import shutil

import pytest

from services.extras.topology import source, tiers
from tests.dcim.equipment import Equipment


def test_tiers_and_drawing():
    lines = tiers("core-.*;spine\n edge-.* ;\n")
    assert lines == [["core-.*", "spine"], ["edge-.*"]]
    devices = [
        {"id": 1, "name": 'core-"1"\\', "color": "ffffff", "tier": 0},
        {"id": 2, "name": "edge-1", "color": "000000", "tier": 1},
    ]
    drawn = source(lines, devices, [{"a": 1, "b": 2, "style": "dashed", "color": "black"}])
    assert 'label="core-\\"1\\"\\\\", fillcolor="#ffffff", fontcolor="black"' in drawn
    assert 'fontcolor="white"' in drawn
    assert "n1 -- n2 [style=dashed, color=black];" in drawn
    assert "{rank=same; n2;}" in drawn


def test_a_map_is_a_picture_where_graphviz_is_installed(api):
    made = api.make("extras/topology-maps/", name="Drawn", slug="drawn", device_patterns="core-.*\nedge-.*")
    for kind, start in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        reply = api.request("GET", f"extras/topology-maps/{made['id']}/render/", params={"image": kind})
        if shutil.which("dot"):
            assert (reply.status_code, reply.content.startswith(start)) == (200, True)
            assert reply.headers["Content-Disposition"] == f'inline; filename="drawn.{kind}"'
        else:
            assert (reply.status_code, "Graphviz" in reply.json()["detail"]) == (503, True)


@pytest.mark.parametrize("pattern", ["core-(", "(.*){1,255}(.*){1,255}(.*){1,255}z"])
def test_a_bad_pattern_is_named(api, pattern):
    Equipment(api).make_device(name=f"long names make long work {pattern}")
    made = api.make("extras/topology-maps/", name=pattern, slug=f"bad-{len(pattern)}", device_patterns=pattern)
    status, reply = api.get(f"extras/topology-maps/{made['id']}/render/")
    assert (status, list(reply)) == (400, ["device_patterns"])


@pytest.mark.parametrize("patterns", ["a\n" * 21, ";".join("a" * 101), "a" * 1001])
def test_a_map_has_so_much_of_all_and_no_more(api, patterns):
    body = {"name": "Too much", "slug": "too-much", "device_patterns": patterns}
    status, reply = api.post("extras/topology-maps/", body)
    assert (status, list(reply)) == (400, ["device_patterns"]) and "at most" in reply["device_patterns"][0]
