"""What concerns all services does not wait for one that hangs."""

import time

import pytest

from moving.api import ApiClient
from stack.cli_error import CliError
from tests.client import Client


@pytest.fixture(scope="module")
def hung(make_stack):
    """The superuser's client of a stack of which tenancy hangs; its document was asked for before."""
    stack = make_stack().start()
    api = Client(stack.base_url, stack.token)
    known = api.get("schema/")[1]
    with stack.frozen("tenancy"):
        yield api, known


def seconds(ask) -> float:
    began = time.monotonic()
    ask()
    return time.monotonic() - began


def test_the_document_is_the_last_that_was_known(hung):
    api, known = hung
    assert api.get("schema/")[1]["paths"].keys() == known["paths"].keys()


def test_a_search_names_who_does_not_answer_and_does_not_wait_for_it_again(hung):
    api, _ = hung
    status, found = api.get("search/", q="a")
    assert (status, found["unavailable"]) == (200, ["tenancy"])
    # Either worker of the gateway has learnt it after some; each then waits a quarter of a second, not two.
    assert min(seconds(lambda: api.get("search/", q="a")) for _ in range(6)) < 1.5


def test_a_page_of_a_service_that_does_not_answer_says_which_request_it_was(hung):
    api, _ = hung
    page = api.request("GET", "tenancy/tenants/", headers={"Accept": "text/html", "X-Request-ID": "asked-by-a-test"})
    assert page.status_code == 504
    assert "<code>asked-by-a-test</code>" in page.text and "did not answer in time" in page.text


def test_a_document_without_a_service_says_so_and_is_none_to_move_by(make_stack):
    stack = make_stack().start()
    api = Client(stack.base_url, stack.token)
    with stack.frozen("tenancy"):
        whole = api.request("GET", "schema/")
        assert whole.headers["X-Degraded"] == "tenancy"
        assert "/api/dcim/sites/" in whole.json()["paths"] and "/api/tenancy/tenants/" not in whole.json()["paths"]
        with pytest.raises(CliError, match="lacks what tenancy serves"):
            ApiClient(stack.base_url, stack.token).document()
    assert "/api/tenancy/tenants/" in ApiClient(stack.base_url, stack.token).document()["paths"]
