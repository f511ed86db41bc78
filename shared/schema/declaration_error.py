"""The one error for a slip of the pen in a declaration."""

from collections.abc import Iterable
from difflib import get_close_matches


class DeclarationError(Exception):
    """A declaration names something that does not exist."""


def require(name: str, known: Iterable[str], where: str) -> None:
    """Raises DeclarationError, which says `where` and the nearest name, unless `name` is among those `known`."""
    names = list(known)
    if name in names:
        return
    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(names))}"
    raise DeclarationError(f"{where} names {name!r}, which does not exist; {hint}")
