"""Whom a request works for, read from headers that anybody may have written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.telemetry.origin import NOWHERE, arrived, carried, origin, working_for

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GOOD = f"00-{TRACE}-{PARENT}-01"


def read(**headers: str):
    return arrived({name.replace("_", "-"): text for name, text in headers.items()}.get)


@pytest.mark.parametrize("trace", [GOOD, f"00-{TRACE}-{PARENT}-00", f"01-{TRACE}-{PARENT}-01-more"])
def test_a_trace_goes_on_as_it_came(trace):
    found = read(traceparent=trace, tracestate="vendor=1")
    assert (found.traceparent, found.tracestate, found.trace_id) == (trace, "vendor=1", TRACE)


@pytest.mark.parametrize(
    "trace",
    [
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        GOOD.upper(),
        GOOD[:-1],
        f"{GOOD}\n",
        "",
    ],
)
def test_what_is_no_trace_is_left_out_with_its_state(trace):
    found = read(traceparent=trace, tracestate="vendor=1")
    assert (found.traceparent, found.tracestate, found.trace_id) == ("", "", "")


@given(st.text(max_size=100), st.text(max_size=200), st.text(max_size=600))
def test_no_header_makes_two_lines_of_one(request_id, trace, state):
    found = read(X_Request_ID=request_id, traceparent=trace, tracestate=state)
    assert found.request_id and found.request_id.isascii()
    assert all(text.isprintable() for text in found.as_headers().values())


def test_work_in_another_thread_is_for_the_same_request():
    request = read(traceparent=GOOD)
    with working_for(request):
        work = carried(origin)
    assert origin() is NOWHERE and work() is request and origin() is NOWHERE
