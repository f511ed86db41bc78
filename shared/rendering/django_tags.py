"""The tags that Django has and Jinja2 lacks."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import count, groupby
from typing import Any

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser
from markupsafe import Markup

from shared.rendering.django_dates import formatted
from shared.rendering.django_syntax import jinja_tokens, splittable

SIGNS = {
    "openblock": "{%",
    "closeblock": "%}",
    "openvariable": "{{",
    "closevariable": "}}",
    "openbrace": "{",
    "closebrace": "}",
    "opencomment": "{#",
    "closecomment": "#}",
}


class DjangoTags(Extension):
    """Tags with a state (`cycle`, `ifchanged`) keep it here: a template is compiled and rendered once."""

    tags = {  # noqa: RUF012 - as Jinja2 declares it
        "cycle",
        "firstof",
        "ifchanged",
        "ifequal",
        "ifnotequal",
        "now",
        "regroup",
        "spaceless",
        "templatetag",
        "widthratio",
    }

    def __init__(self, environment: Any):
        super().__init__(environment)
        self._numbers = count()
        self._turns: dict[int, int] = {}
        self._seen: dict[int, tuple[object, object]] = {}
        self._named: dict[str, nodes.Expr] = {}

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return splittable(source)

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        return jinja_tokens(stream)

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        token = next(parser.stream)
        made: nodes.Node | list[nodes.Node] = getattr(self, f"_parse_{token.value}")(parser)
        for node in made if isinstance(made, list) else [made]:
            node.set_lineno(token.lineno)
        return made

    def _arguments(self, parser: Parser) -> list[nodes.Expr]:
        """The expressions up to the end of the tag, or to a word like `as`."""
        found: list[nodes.Expr] = []
        while not parser.stream.current.test_any("block_end", "name:as", "name:silent", "name:by"):
            found.append(parser.parse_unary())
            parser.stream.skip_if("comma")
        return found

    def _call(self, name: str, *arguments: nodes.Expr) -> nodes.Call:
        return self.call_method(name, list(arguments))

    def _number(self) -> nodes.Const:
        return nodes.Const(next(self._numbers))

    def _parse_cycle(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        values = self._arguments(parser)
        if len(values) == 1 and isinstance(values[0], nodes.Name) and values[0].name in self._named:
            return nodes.Output([self._named[values[0].name]])
        chosen = self._call("_next", self._number(), nodes.List(values))
        if not parser.stream.skip_if("name:as"):
            return nodes.Output([chosen])
        name = parser.stream.expect("name").value
        self._named[name] = chosen
        assigned = nodes.Assign(nodes.Name(name, "store"), chosen)
        silent = parser.stream.skip_if("name:silent")
        return assigned if silent else [assigned, nodes.Output([nodes.Name(name, "load")])]

    def _next(self, number: int, values: list[Any]) -> object:
        turn = self._turns[number] = self._turns.get(number, -1) + 1
        return values[turn % len(values)] if values else ""

    def _parse_firstof(self, parser: Parser) -> nodes.Node:
        chosen: nodes.Expr = nodes.Const("")
        for each in reversed(self._arguments(parser)):
            chosen = nodes.Or(each, chosen)
        if parser.stream.skip_if("name:as"):
            return nodes.Assign(parser.parse_assign_target(name_only=True), chosen)
        return nodes.Output([chosen])

    def _parse_ifchanged(self, parser: Parser) -> nodes.Node:
        values = self._arguments(parser)
        number, loop = self._number(), nodes.Name("loop", "load")
        body = parser.parse_statements(("name:else", "name:endifchanged"))
        other = self._else(parser, "endifchanged")
        if values:
            return nodes.If(self._call("_changed", number, loop, nodes.List(values)), body, [], other)
        return nodes.CallBlock(self._call("_text_if_changed", number, loop), [], [], body)

    def _changed(self, number: int, loop: object, values: object) -> bool:
        """Whether `values` are others than the last time in this run of the loop."""
        before = self._seen.get(number)
        self._seen[number] = (loop, values)
        return before is None or before[0] is not loop or before[1] != values

    def _text_if_changed(self, number: int, loop: object, caller: Callable[[], str]) -> str:
        text = caller()
        return text if self._changed(number, loop, text) else ""

    def _else(self, parser: Parser, end: str) -> list[nodes.Node]:
        if parser.stream.skip_if("name:else"):
            return parser.parse_statements((f"name:{end}",), drop_needle=True)
        parser.stream.expect(f"name:{end}")
        return []

    def _parse_ifequal(self, parser: Parser, how: str = "eq", end: str = "endifequal") -> nodes.Node:
        values = self._arguments(parser)
        if len(values) != 2:
            parser.fail(f"{end[3:]} takes two values")
        body = parser.parse_statements(("name:else", f"name:{end}"))
        return nodes.If(nodes.Compare(values[0], [nodes.Operand(how, values[1])]), body, [], self._else(parser, end))

    def _parse_ifnotequal(self, parser: Parser) -> nodes.Node:
        return self._parse_ifequal(parser, "ne", "endifnotequal")

    def _parse_now(self, parser: Parser) -> nodes.Node:
        form = parser.parse_unary()
        if parser.stream.skip_if("name:as"):
            return nodes.Assign(parser.parse_assign_target(name_only=True), self._call("_now", form))
        return nodes.Output([self._call("_now", form)])

    def _now(self, form: object) -> str:
        return formatted(datetime.now(UTC), str(form))

    def _parse_regroup(self, parser: Parser) -> nodes.Node:
        target = parser.parse_unary()
        parser.stream.expect("name:by")
        path = [parser.stream.expect("name").value]
        while parser.stream.skip_if("dot"):
            path.append(parser.stream.expect("name").value)
        parser.stream.expect("name:as")
        name = parser.parse_assign_target(name_only=True)
        return nodes.Assign(name, self._call("_grouped", target, nodes.Const(path)))

    def _grouped(self, objects: Iterable[Any], path: list[str]) -> list[dict[str, Any]]:
        def key(each: Any) -> object:
            for step in path:
                each = self.environment.getattr(each, step)
            return each

        return [{"grouper": value, "list": list(same)} for value, same in groupby(objects or (), key)]

    def _parse_spaceless(self, parser: Parser) -> nodes.Node:
        body = parser.parse_statements(("name:endspaceless",), drop_needle=True)
        return nodes.CallBlock(self._call("_spaceless"), [], [], body)

    def _spaceless(self, caller: Callable[[], str]) -> Markup:
        return Markup(re.sub(r">\s+<", "><", str(caller()).strip()))

    def _parse_templatetag(self, parser: Parser) -> nodes.Node:
        name = parser.stream.expect("name").value
        if name not in SIGNS:
            parser.fail(f"templatetag knows {', '.join(SIGNS)}")
        return nodes.Output([nodes.TemplateData(SIGNS[name])])

    def _parse_widthratio(self, parser: Parser) -> nodes.Node:
        values = self._arguments(parser)
        if len(values) != 3:
            parser.fail("widthratio takes three values")
        ratio = self._call("_ratio", *values)
        if parser.stream.skip_if("name:as"):
            return nodes.Assign(parser.parse_assign_target(name_only=True), ratio)
        return nodes.Output([ratio])

    def _ratio(self, value: Any, most: Any, width: Any) -> str:
        try:
            return str(round(float(value) / float(most) * int(width)))
        except ZeroDivisionError:
            return "0"
        except (TypeError, ValueError, OverflowError):
            return ""
