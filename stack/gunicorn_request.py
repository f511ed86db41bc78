"""How gunicorn reads a request: the plain ones, which nearly all are, by two regular expressions.

What came whole and is written as every client writes it needs no more. Any other request is read by gunicorn itself,
which then refuses what is wrong with it.
"""

import re

from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import Unreader

_METHODS = rb"GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE"
_LINE = re.compile(rb"(%b) ((/(?!/)[!-\"$->@-~]*+)(?:\?([!-\"$-~]*+))?) HTTP/1\.1\r\n" % _METHODS)
# No name here has an underscore: `X-A` and `X_A` would become the same variable.
# Blanks around a value are stripped afterwards: were they named here, a line of blanks that ends badly could be divided
# in as many ways as the cube of its length.
_HEADER = re.compile(rb"^([0-9A-Za-z-]++):([^\x00-\x08\x0a-\x1f\x7f]*+)\r\n", re.MULTILINE)
_MOST_BYTES = 8190  # gunicorn's limit for a single line; what is longer is for gunicorn to judge
_MOST_HEADERS = 100
# What means more than its value.
_SPECIAL = {"EXPECT"}


class PlainRequest(Request):
    """gunicorn's, whose head is read faster where it is plain."""

    def parse(self, unreader: Unreader) -> bytes:
        """Read the head; what came after it."""
        data = unreader.read()
        end = data.find(b"\r\n\r\n", 0, _MOST_BYTES) + 2
        if (line := _LINE.match(data, 0, end)) and (headers := self._plain(data[line.end() : end])) is not None:
            self.method, self.uri, self.path, self.query = (part.decode("ascii") for part in line.groups(b""))
            self.fragment, self.version, self.headers = "", (1, 1), headers
            return data[end + 2 :]
        unreader.unread(data)
        rest: bytes = super().parse(unreader)
        return rest

    def _plain(self, lines: bytes) -> list[tuple[str, str]] | None:
        """The headers in `lines`, or None if there is anything about them to look at more closely."""
        found = _HEADER.findall(lines)
        headers = [(name.decode("ascii").upper(), value.decode("latin-1").strip(" \t")) for name, value in found]
        names = {name for name, _ in headers}
        special = not names.isdisjoint(_SPECIAL) or not names.isdisjoint(self.cfg.secure_scheme_headers)
        each_once = len(names) == len(headers) == lines.count(b"\n") <= _MOST_HEADERS
        return headers if each_once and not special else None


class Parser(RequestParser):
    """The requests of a connection."""

    mesg_class = PlainRequest
