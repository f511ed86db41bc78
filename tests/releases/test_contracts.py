"""Contracts only grow: what the last release relies on is there, or left with its consent."""

import pytest
from sqlalchemy import String, select
from sqlalchemy.orm import DeclarativeBase

from shared.schema import fields, models
from shared.schema.contracts import Contract
from shared.schema.models import Record
from tests.releases.contracts import described, recorded

LAST, TODAY = recorded(), described()


@pytest.mark.parametrize("label", LAST)
def test_a_contract_of_the_last_release_still_holds(label):
    last, today = LAST[label], TODAY[label]
    for name in ("path", "key", "complete", "elsewhere"):
        assert today[name] == last[name], f"{name} of {label}: a release keeps it"
    assert set(last["holders"]) <= set(today["holders"])


@pytest.mark.parametrize("label", LAST)
def test_a_fact_goes_only_after_a_release_in_which_it_was_leaving(label):
    last, today = LAST[label], TODAY[label]
    gone = last["facts"].keys() - today["facts"].keys()
    assert gone <= set(last["leaving"]), "docs/releasing.md says how a fact is removed"
    changed = {name: (last["facts"][name], type_) for name, type_ in today["facts"].items() if name in last["facts"]}
    assert not {name: each for name, each in changed.items() if each[0] != each[1]}, "another type is another fact"
    assert set(today["leaving"]) <= today["facts"].keys()
    assert set(last["leaving"]) & today["facts"].keys() <= set(today["leaving"]), "what leaves does not come back"


def test_a_fact_that_leaves_is_published_and_has_a_column_that_nothing_reads():
    class Holder(Record, DeclarativeBase):
        app = "holder"

    facts = {name: (String(9), fields.Text(9)) for name in ("stays", "leaves")}
    contract = Contract("owner.thing", "things", facts, ("holder",), ("stays",), "stays", leaving=("leaves",))
    models._replica(Holder, contract)
    model = Holder.models["owner.thing"]
    assert (contract.kept, "leaves" in contract.facts) == (("stays",), True)
    assert "leaves" in model.__table__.columns
    assert "leaves" not in str(select(model))
    assert "leaves" not in model.attributes


def test_a_contract_goes_only_with_all_of_its_facts_leaving():
    for label in LAST.keys() - TODAY.keys():
        assert set(LAST[label]["leaving"]) == LAST[label]["facts"].keys(), label
