"""What Django's template language writes differently, put into Jinja2's: in the tokens, and in the parsed template.

Tokens: `value|filter:argument`, lists of arguments without commas, `{% empty %}`, `reversed`, `autoescape on`. In the
parsed template: a method without brackets is called, a text is HTML, a comparison that makes no sense is
false, a loop over nothing is empty, and `forloop` has Django's names.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from jinja2 import nodes
from jinja2.lexer import Token, TokenStream
from jinja2.visitor import NodeTransformer

# Tags whose arguments Django writes one after the other.
SPACED = {"cycle", "firstof", "ifchanged", "ifequal", "ifnotequal", "widthratio", "with"}
WORDS = {"as", "by", "silent", "reversed", "and", "or", "not", "in", "is"}
LOOP = {"counter": "index", "counter0": "index0", "revcounter": "revindex", "revcounter0": "revindex0"}
ORDERED = {"lt", "gt", "lteq", "gteq", "in", "notin"}
_SOURCE = (
    (r"{%-?\s*comment\b.*?-?%}.*?{%-?\s*endcomment\s*-?%}", ""),
    (r"{%(-?)\s*verbatim\b.*?(-?)%}", r"{%\1 raw \2%}"),
    (r"{%(-?)\s*endverbatim\b.*?(-?)%}", r"{%\1 endraw \2%}"),
    (r"{%-?\s*(?:load\b.*?|csrf_token\s*)-?%}", ""),
)
_TAG = re.compile(r"{[{%].*?[%}]}", re.DOTALL)
_BACKSLASH = re.compile(r"""\\([\\'"abfnrtv0-7\n]|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|N\{)?""")


def splittable(source: str) -> str:
    """`source` without what Jinja2 could not even split into tokens; a backslash that escapes nothing is itself."""
    for tag, replacement in _SOURCE:
        source = re.sub(tag, replacement, source, flags=re.DOTALL)
    return _TAG.sub(lambda tag: _BACKSLASH.sub(lambda found: found[0] + "\\" * (found[1] is None), tag[0]), source)


def jinja_tokens(stream: TokenStream) -> Iterator[Token]:
    """The tokens of `stream` as Jinja2 writes them."""
    tokens = list(stream)
    begins = [place for place, token in enumerate(tokens) if token.type in ("block_begin", "variable_begin")]
    ends = [place for place, token in enumerate(tokens) if token.type in ("block_end", "variable_end")]
    done = 0
    for begin, end in zip(begins, ends, strict=False):
        yield from tokens[done : begin + 1]
        inner = tokens[begin + 1 : end]
        yield from _called(_tag(inner) if tokens[begin].type == "block_begin" else inner)
        done = end
    yield from tokens[done:]


def _tag(tokens: list[Token]) -> list[Token]:
    """The tokens of one tag."""
    name, line = (tokens[0].value, tokens[0].lineno) if tokens else ("", 0)
    if name == "empty":
        return [Token(line, "name", "else")]
    if name == "autoescape" and len(tokens) == 2 and tokens[1].value in ("on", "off"):
        return [tokens[0], Token(line, "name", "true" if tokens[1].value == "on" else "false")]
    if name == "for" and tokens[-1].value == "reversed":
        return [*tokens[:-1], Token(line, "pipe", "|"), Token(line, "name", "reverse")]
    if name == "filter" and len(tokens) > 2:
        return [tokens[0], *_called([Token(line, "pipe", "|"), *tokens[1:]])[1:]]
    if name == "with" and len(tokens) > 3 and tokens[-2].value == "as":
        return [tokens[0], tokens[-1], Token(line, "assign", "="), *tokens[1:-2]]
    return [tokens[0], *_separated(tokens[1:])] if name in SPACED else tokens


def _separated(tokens: list[Token]) -> list[Token]:
    """Arguments with a comma between each two."""
    made = tokens[:1]
    for before, token in pairwise(tokens):
        if _ends_an_argument(before) and _begins_an_argument(token):
            made.append(Token(token.lineno, "comma", ","))
        made.append(token)
    return made


def _ends_an_argument(token: Token) -> bool:
    return token.type in ("string", "integer", "float", "rparen") or _names(token)


def _begins_an_argument(token: Token) -> bool:
    return token.type in ("string", "integer", "float") or _names(token)


def _names(token: Token) -> bool:
    return token.type == "name" and token.value not in WORDS


def _called(tokens: list[Token]) -> list[Token]:
    """Arguments of filters in brackets."""
    made: list[Token] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.type != "colon" or place < 2 or tokens[place - 2].type != "pipe":
            made.append(token)
            place += 1
            continue
        end = _end_of_argument(tokens, place + 1)
        made += [Token(token.lineno, "lparen", "("), *tokens[place + 1 : end], Token(token.lineno, "rparen", ")")]
        place = end
    return made


def _end_of_argument(tokens: list[Token], place: int) -> int:
    """Where the argument ends that begins at `place`: a text, a number, or a name with what is behind its dots."""
    if place < len(tokens) and tokens[place].type in ("sub", "add"):
        place += 1
    place += 1
    while place + 1 < len(tokens) and tokens[place].type == "dot":
        place += 2
    return place


class DjangoMeaning(NodeTransformer):
    """Gives a parsed template the meaning that Django would."""

    def __init__(self) -> None:
        self._depth = 0

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - called by the name of the node
        """What is called with brackets is not called without them as well."""
        if isinstance(node.node, nodes.Getattr):
            node.node.node = self.visit(node.node.node)
        else:
            node.node = self.visit(node.node)
        node.args = [self.visit(each) for each in node.args]
        node.kwargs = [self.visit(each) for each in node.kwargs]
        return node

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:  # noqa: N802
        if outer := self._parent_loop(node):
            return outer
        self.generic_visit(node)
        if isinstance(node.node, nodes.Name) and node.node.name.startswith(("loop", "_loop")):
            node.attr = LOOP.get(node.attr, node.attr)
        return _filtered(node, "called")

    def visit_Const(self, node: nodes.Const) -> nodes.Node:  # noqa: N802
        """What the author of a template wrote is HTML."""
        return nodes.MarkSafe(node, lineno=node.lineno) if isinstance(node.value, str) else node

    def _parent_loop(self, node: nodes.Node) -> nodes.Name | None:
        """The variable of the loop that `forloop.parentloop` means, or the parent of that."""
        steps = 0
        while isinstance(node, nodes.Getattr) and node.attr == "parentloop":
            node, steps = node.node, steps + 1
        if steps and isinstance(node, nodes.Name) and node.name == "forloop":
            return nodes.Name(_loop(self._depth - steps), "load", lineno=node.lineno)
        return None

    def visit_Name(self, node: nodes.Name) -> nodes.Node:  # noqa: N802
        if node.name == "forloop":
            node.name = "loop"
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        node.iter = _filtered(self.visit(node.iter), "looped")
        self._depth += 1
        remembered = nodes.Assign(
            nodes.Name(_loop(self._depth), "store"), nodes.Name("loop", "load"), lineno=node.lineno
        )
        node.body = [remembered, *self._visited(node.body)]
        self._depth -= 1
        node.else_ = self._visited(node.else_)
        node.test = node.test and self.visit(node.test)
        return node

    def _visited(self, body: list[nodes.Node]) -> list[nodes.Node]:
        return [self.visit(each) for each in body]

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if len(node.ops) != 1 or node.ops[0].op not in ORDERED:
            return node
        (operand,) = node.ops
        return _filtered(node.expr, "compared", nodes.Const(operand.op), operand.expr)


def _loop(depth: int) -> str:
    return f"_loop{depth}"


def _filtered(node: nodes.Expr, name: str, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(arguments), [], None, None, lineno=node.lineno)
