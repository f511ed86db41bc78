"""For every type: what a list says as CSV changes nothing when it is sent back, and makes the same object anew."""

import pytest

from tests.csv.sheets import export, rows, saved, text_of
from tests.factories import BY_LABEL, NOT_BY_JSON, Factory, url

LISTED = sorted(label for label, each in BY_LABEL.items() if "POST" in each.methods)
MADE = [label for label in LISTED if label not in NOT_BY_JSON]


@pytest.fixture(scope="module")
def factory(api) -> Factory:
    return Factory(api)


def of(api, label: str, pk: int, **params) -> str:
    return export(api, url(label), id=pk, **params)


@pytest.mark.parametrize("label", MADE)
def test_what_was_written_changes_nothing(api, factory, label):
    pk = factory.filled(label)
    before, text = api.get(f"{url(label)}{pk}/")[1], of(api, label, pk)
    told = saved(api, url(label), text)
    assert told["rows"] == [{"line": 2, "id": pk, "what": "unchanged"}]
    assert api.get(f"{url(label)}{pk}/")[1] == before
    # Blanks around a cell mean the same.
    (row,) = rows(text)
    name = next(each for each in row if row[each] and each not in ("id", "object_id"))
    told = saved(api, url(label), text_of([{**row, name: f"{row[name]} "}]))
    assert told["rows"] == [{"line": 2, "id": pk, "what": "unchanged"}]
    assert api.get(f"{url(label)}{pk}/")[1] == before


# What only the owner of a key, or another address, makes; and what cannot be deleted.
NOT_ANEW = {"users.user", "dcim.rackreservation"}


@pytest.mark.parametrize("label", [label for label in MADE if label not in NOT_ANEW])
def test_what_was_written_makes_the_same_anew(api, factory, label):
    pk = factory.filled(label)
    text = of(api, label, pk, omit="id")
    assert api.delete(f"{url(label)}{pk}/")[0] == 204
    told = saved(api, url(label), text)
    assert told["created"] == 1
    assert of(api, label, told["rows"][0]["id"], omit="id") == text


@pytest.mark.parametrize("label", LISTED)
def test_every_list_can_be_had_as_csv_and_sent_back(api, label):
    text = export(api, url(label))
    if "id" in (headings := text.splitlines()[0].split(",")) and len(rows(text)) <= 1000 and len(headings) > 1:
        told = saved(api, url(label), text)
        assert (told["created"], told["changed"]) == (0, 0)
