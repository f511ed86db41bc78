"""CSV in a browser without script: sent, looked at, saved."""

import re
from html import unescape

from tests.csv.sheets import export
from tests.web.conftest import Person

PATH = "/api/dcim/regions/"
_KEPT = re.compile(r'name="_sheet" value="([^"]+)"')


def upload(person: Person, content: bytes, path: str = PATH):
    data = {"_csrf": person.csrf(path), "_method": "POST", "_do": "preview"}
    files = {"_sheet": ("regions.csv", content, "text/csv")}
    return person.session.post(person.base_url + path, data=data, files=files, timeout=60, allow_redirects=False)


def test_a_list_can_be_had_as_csv(api, person):
    api.make("dcim/regions/", name="As CSV", slug="as-csv")
    page = person.get(f"{PATH}?slug=as-csv&limit=1").text
    (address,) = re.findall(r'<a href="([^"]+)" download>CSV</a>', page)
    assert unescape(address) == f"{PATH}?slug=as-csv&format=csv"
    reply = person.get(unescape(address))
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="dcim_regions.csv"'
    assert reply.content.decode("utf-8-sig") == export(api, "dcim/regions/", slug="as-csv")


def test_a_file_is_looked_at_before_it_is_saved(api, person):
    shown = upload(person, b'name;slug\r\n"Two; parts";two-parts\r\nOne,one-part;one-part\r\n')
    assert shown.status_code == 200 and "2 created, 0 changed, 0 unchanged." in shown.text
    assert "Two; parts" in shown.text
    assert api.get("dcim/regions/", slug="two-parts")[1]["count"] == 0
    (kept,) = _KEPT.findall(shown.text)
    saved = person.send(PATH, _method="POST", _sheet=kept, _do="save")
    assert (saved.status_code, saved.headers["Location"]) == (303, PATH)
    assert "Saved: 2 created" in person.get(PATH).text
    assert api.results("dcim/regions/", slug="two-parts")[0]["name"] == "Two; parts"


def test_what_is_wrong_is_told_at_its_cell(api, person):
    shown = upload(person, b"name,slug,parent\nFine,fine,\n<b>Bad</b>,b a d,no-such\n")
    assert shown.status_code == 400 and not _KEPT.findall(shown.text)
    cells = re.findall(r'<td class="wrong">(.*?)</td>', shown.text, re.DOTALL)
    assert [cell.split("<p")[0] for cell in cells] == ["b a d", "no-such"]
    assert all('<p class="error">' in cell for cell in cells)
    assert "<b>Bad</b>" not in shown.text
    assert api.get("dcim/regions/", slug="fine")[1]["count"] == 0


def test_what_is_no_sheet_is_told(person):
    for content, told in (
        (b"nmae,slug\nA,a\n", 'Line 1, nmae: "nmae" is no column. Did you mean "name"?'),
        (b"", "Line 1: The first line has the headings of the columns."),
        (b"name,slug\nA\n", "Line 2: There are 1 cells for 2 headings."),
        (b"name,slug\nZ\xfcrich,z\n", "Line 2: This is not utf-8"),
    ):
        shown = upload(person, content)
        assert (shown.status_code, told in unescape(shown.text)) == (400, True), told
    many = b"name,slug\n" + b"".join(b"n%d,n%d\n" % (n, n) for n in range(1001))
    assert upload(person, many).status_code == 413
    spoilt = person.send(PATH, _method="POST", _sheet="no base64", _do="save")
    assert spoilt.status_code == 400


def test_only_those_who_may_are_offered_to_send_any(somebody, person):
    assert "_sheet" not in Person(somebody.base_url).get(PATH).text
    assert 'name="_sheet"' in person.get(PATH).text
    assert 'name="_sheet"' not in person.get("/api/extras/image-attachments/").text
