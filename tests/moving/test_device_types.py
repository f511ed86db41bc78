"""Device types of the community's library: four of its files, odd ones among them, and files that are worse."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moving.device_types.converting import rows_of, slugified
from moving.device_types.definition import Unreadable, of_document, read
from moving.device_types.interface_types import FORM_FACTORS
from moving.report import MoveReport
from tests.moving.conftest import Place
from tests.moving.documents import catalogue
from tests.moving.properties import BOUNDED

SAMPLE = Path(__file__).parent / "device-types"
LEAST = {"manufacturer": "M", "model": "X", "slug": "x"}
REPORTED = """
console-ports: type (9)
device type: airflow (2)
device type: weight (1)
device type: weight_unit (1)
device-bays: description (10)
given twice, the last counts: subdevice_role (1)
interfaces: description (4)
power-outlets: power_port (8)
power-outlets: type (8)
power-ports: maximum_draw (4)
power-ports: type (5)
"""


def converted(**document) -> tuple[dict, MoveReport]:
    """The body of the device type of a document, and what was told."""
    report = MoveReport()
    rows = rows_of(of_document(LEAST | document, []), report)
    return rows[1].body, report


@pytest.fixture(scope="module")
def imported(stack) -> tuple[Place, list[str]]:
    place = Place(stack)
    return place, place.run("import", "device-types", SAMPLE).splitlines()


def test_the_sample_is_here_with_all_its_parts(imported, api):
    told = imported[1]
    assert "dcim/device-types: 4 created" in told
    assert [line.removeprefix("has no place here: ") for line in told if "no place" in line] == REPORTED.split("\n")[
        1:-1
    ]
    (pdu,) = api.results("dcim/device-types/", slug="apc-ap7921b")
    assert (pdu["is_pdu"], pdu["is_network_device"], pdu["is_full_depth"]) == (True, False, False)
    assert api.get("dcim/power-outlet-templates/", devicetype_id=pdu["id"])[1]["count"] == 8
    (port,) = api.results("dcim/interface-templates/", devicetype_id=pdu["id"])
    assert (port["name"], port["form_factor"]["value"], port["mgmt_only"]) == ("Ethernet", 800, True)
    (blade,) = api.results("dcim/device-types/", slug="dell-poweredge-FC640")
    assert (blade["u_height"], blade["subdevice_role"]["label"]) == (0, "Parent")
    bays = api.results("dcim/device-bay-templates/", devicetype_id=blade["id"])
    assert {bay["name"] for bay in bays} == {"bNDC", "BOSS-M.2", "Drive bay-0/SSF"}


def test_it_may_be_imported_again_and_changes(imported, api, tmp_path):
    place, _ = imported
    again = place.run("import", "device-types", SAMPLE)
    assert "created" not in again and "changed" not in again.replace("unchanged", "")
    text = (SAMPLE / "apc-ap7921b.yaml").read_text()
    (tmp_path / "apc.yml").write_text(text.replace("u_height: 1", "u_height: 2") + "  - name: Second\n    type: lag\n")
    told = place.run("import", "device-types", tmp_path / "apc.yml").splitlines()
    assert "dcim/device-types: 1 changed" in told
    assert "dcim/interface-templates: 1 unchanged, 1 created" in told


def test_a_file_that_cannot_be_read_stops_no_other(stack, tmp_path):
    (tmp_path / "broken.yaml").write_text("manufacturer: [")
    (tmp_path / "whole.yaml").write_text("manufacturer: Whole\nmodel: One\nslug: whole-one\n")
    told = Place(stack).run("import", "device-types", tmp_path, status=1).splitlines()
    assert "dcim/device-types: 1 refused, 1 created" in told
    (rejects,) = [line.split(": ", 1)[1] for line in told if line.startswith("What was refused")]
    assert "broken.yaml" in Path(rejects).read_text()


@pytest.mark.parametrize(
    "text",
    ["", "5", "- a", "manufacturer: M\nmodel: X", "{" * 5000, "a: &a [*a]", "\x00", "a: 1\n b: 2", "interfaces: [x]"],
)
def test_what_is_no_definition_is_told(tmp_path, text):
    (tmp_path / "file.yaml").write_text(text)
    with pytest.raises(Unreadable):
        read(tmp_path / "file.yaml")


def test_texts_stay_as_they_are_written(tmp_path):
    path = tmp_path / "file.yaml"
    path.write_text(
        "manufacturer: M\nmodel: 1.10\nslug: x\ninterfaces:\n  - name: 010\n    type: lag\n  - name: no\n    type: t1\n"
    )
    definition = read(path)
    assert definition.values["model"] == "1.10"
    assert [each["name"] for each in definition.parts["interfaces"]] == ["010", "no"]


def test_heights_are_whole_units():
    assert converted(u_height="0.5")[0]["u_height"] == 1
    assert converted(u_height="0")[0]["u_height"] == 0
    assert converted()[0]["u_height"] == 1
    body, report = converted(u_height="2", subdevice_role="child")
    assert (body["u_height"], body["subdevice_role"], len(report.without_place)) == (0, False, 1)


def test_what_has_bays_is_a_parent():
    body, report = converted(subdevice_role="child", u_height="0", **{"device-bays": [{"name": "1"}]})
    assert body["subdevice_role"] is True and report.without_place


def test_lists_that_have_no_place_are_counted():
    report = converted(
        **{"front-ports": [{"name": "1"}, {"name": "2"}], "interfaces": [{"name": "a", "type": "400gbase-x"}]}
    )[1]
    assert dict(report.without_place) == {
        "front-ports": 2,
        "interfaces: type 400gbase-x, which is Other here": 1,
    }


def test_every_form_factor_is_one_of_ours():
    values = {each["value"] for each in catalogue().kinds["dcim/interface-templates"].choices("form_factor")}
    assert set(FORM_FACTORS.values()) == values


@given(st.text())
@BOUNDED
def test_any_name_has_a_slug(name):
    slug = slugified(name)
    assert 0 < len(slug) <= 50 and slug.isascii()
    assert all(each.isalnum() or each in "-_" for each in slug)
