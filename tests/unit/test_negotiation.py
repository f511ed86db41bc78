"""Which form of a reply an Accept header asks for: as NetBox 2.3 reads it."""

import pytest

from gateway.errors import GatewayError
from gateway.negotiation import ResponseFormat, format_of

JSON, PAGE = ResponseFormat.JSON, ResponseFormat.PAGE


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("APPLICATION/JSON", JSON),
        ("Application/Json; Indent=4", JSON),
        ("Text/HTML", PAGE),
        ("text/html,application/json", JSON),
        ("application/json,text/html", JSON),
        ("application/json;q=0.5,text/html", PAGE),
        ("text/html,*/*", PAGE),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", PAGE),
        ("text/*,*/*", PAGE),
        ("application/json; version=2.3", JSON),
    ],
)
def test_an_accept_header_chooses_a_form(accept, form):
    assert format_of(accept, "") is form


@pytest.mark.parametrize("accept", ["application/xml", "text/html;q=0", "application/json; version=9"])
def test_what_cannot_be_given_is_refused(accept):
    with pytest.raises(GatewayError) as refused:
        format_of(accept, "")
    assert refused.value.status == 406
