"""The language in which a recorded reply says what is expected.

    <app/model#n>   the id of the n-th object of that type in this transcript: bound at first sight, the same
                    ever after; also inside other text, hyperlinks mostly
    {base}          the address of the API
    $datetime $date an ISO 8601 date-time, an ISO date
    $text           a message or a list of them, not empty; ["$text"] as the whole reply is any error

Everything else stands for itself. An object may carry more keys than expected, a hyperlink its parameters in
any order.
"""

import re
from urllib.parse import parse_qsl, urlsplit

SYMBOL = re.compile(r"<[a-z]+/[a-z-]+#\d+>")
_SYMBOL_OR_TEXT = re.compile(rf"({SYMBOL.pattern})")
_DATE = r"\d{4}-\d\d-\d\d"
_FORMS = {
    "$datetime": re.compile(rf"{_DATE}T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
    "$date": re.compile(_DATE),
}


class Expectations:
    """What one transcript expects, with the ids that its symbols have been bound to so far."""

    def __init__(self, base_url: str, ids: dict[str, int] | None = None):
        self.base_url = base_url.rstrip("/")
        self.ids = dict(ids or {})

    def concrete(self, template):
        """A recorded path or body with ids in place of symbols; 0 where no reply has told the id yet."""
        if isinstance(template, str):
            if SYMBOL.fullmatch(template):
                return self.ids.get(template, 0)
            return SYMBOL.sub(lambda symbol: str(self.ids.get(symbol[0], 0)), template)
        if isinstance(template, list):
            return [self.concrete(item) for item in template]
        if isinstance(template, dict):
            return {key: self.concrete(value) for key, value in template.items()}
        return template

    def difference(self, expected, actual) -> str | None:
        """Where and how an actual reply first differs from the expected one; None when it does not."""
        if expected == ["$text"]:
            return None if actual else f"reply: messages expected, got {actual!r}"
        return self._difference(expected, actual, "reply")

    def _difference(self, expected, actual, where: str) -> str | None:
        if isinstance(expected, dict):
            return self._object_difference(expected, actual, where)
        if isinstance(expected, list):
            return self._list_difference(expected, actual, where)
        agrees = self._text_agrees if isinstance(expected, str) else _same_scalar
        if agrees(expected, actual):
            return None
        return f"{where}: {self._readable(expected)} expected, got {actual!r}"

    def _object_difference(self, expected: dict, actual, where: str) -> str | None:
        if not isinstance(actual, dict):
            return f"{where}: an object expected, got {actual!r}"
        for key in sorted(expected, key=lambda key: key != "id"):  # the id first, so that hyperlinks can use it
            if key not in actual:
                return f"{where}.{key}: missing"
            if found := self._difference(expected[key], actual[key], f"{where}.{key}"):
                return found
        return None

    def _list_difference(self, expected: list, actual, where: str) -> str | None:
        if not isinstance(actual, list):
            return f"{where}: a list expected, got {actual!r}"
        if expected == ["$text"]:
            return None if actual else f"{where}: messages expected, got none"
        if len(expected) != len(actual):
            return f"{where}: {len(expected)} items expected, got {len(actual)}"
        pairs = enumerate(zip(expected, actual, strict=True))
        found = (self._difference(want, got, f"{where}[{index}]") for index, (want, got) in pairs)
        return next(filter(None, found), None)

    def _text_agrees(self, expected: str, actual) -> bool:
        if expected == "$text":
            return isinstance(actual, str | list) and bool(actual)
        if expected in _FORMS:
            return isinstance(actual, str) and bool(_FORMS[expected].fullmatch(actual))
        if SYMBOL.fullmatch(expected):
            return type(actual) is int and self.ids.setdefault(expected, actual) == actual
        return isinstance(actual, str) and self._link_or_text_agrees(expected, actual)

    def _link_or_text_agrees(self, expected: str, actual: str) -> bool:
        expected = expected.replace("{base}", self.base_url)
        if not expected.startswith("http"):
            return self._template_agrees(expected, actual)
        want, got = urlsplit(self._known(expected)), urlsplit(actual)
        parameters_agree = sorted(parse_qsl(want.query)) == sorted(parse_qsl(got.query))
        without_query = actual.partition("?")[0]
        return parameters_agree and self._template_agrees(expected.partition("?")[0], without_query)

    def _template_agrees(self, template: str, actual: str) -> bool:
        """Whether a text with symbols in it is the actual one; free symbols are bound to what is there."""
        parts = _SYMBOL_OR_TEXT.split(self._known(template))
        pattern = "".join(r"(\d+)" if SYMBOL.fullmatch(part) else re.escape(part) for part in parts)
        match = re.fullmatch(pattern, actual, re.DOTALL)
        free = filter(SYMBOL.fullmatch, parts)
        return match is not None and all(
            self.ids.setdefault(symbol, int(digits)) == int(digits)
            for symbol, digits in zip(free, match.groups(), strict=True)
        )

    def _known(self, template: str) -> str:
        """The template with those symbols replaced whose ids are known."""
        return SYMBOL.sub(lambda symbol: str(self.ids.get(symbol[0], symbol[0])), template)

    def _readable(self, expected) -> str:
        if isinstance(expected, str) and expected in self.ids:
            return f"{expected} = {self.ids[expected]}"
        return repr(self._known(expected) if isinstance(expected, str) else expected)


def _same_scalar(expected, actual) -> bool:
    """Equality in which true is not 1, while 1 and 1.0 are the same number."""
    return expected == actual and isinstance(expected, bool) == isinstance(actual, bool)
