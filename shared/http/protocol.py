"""The protocol between the programs of Patchbay: what they ask of each other, and how they say who is asking.

It has a number, which goes up when a program of the release before could not read what is sent any more. What only
grows needs none: readers ignore what they do not know. Every program speaks the protocol of its own release and that
of the one before, so that two releases that follow each other can be mixed (docs/releasing.md).
"""

from functools import lru_cache

from shared.http.errors import ServiceUnavailable

HEADER = "X-Patchbay-Protocol"
# The newest first. 1 came with release 1.0.0; what is older says nothing, and cannot be mixed with what is newer.
SPOKEN = (1,)


def as_header() -> dict[str, str]:
    """What a caller says that it speaks, and whoever answers."""
    return {HEADER: ", ".join(map(str, SPOKEN))}


@lru_cache(maxsize=16)
def common(said: str | None, spoken: tuple[int, ...] = SPOKEN) -> int | None:
    """The newest protocol that this program and another, which has `said` what it speaks, have in common."""
    theirs = {int(each) for each in (said or "").split(",") if each.strip().isdecimal()}
    return max(theirs & set(spoken), default=None)


def require(said: str | None, app: str) -> None:
    """Refuse a caller of `app` that speaks no protocol of ours. Raises ServiceUnavailable."""
    if common(said) is None:
        raise ServiceUnavailable(f"The {app} service cannot work with {stranger(said)}.")


def stranger(said: str | None) -> str:
    """The other program, and what it would have to speak."""
    ours = " or ".join(map(str, SPOKEN))
    if not said:
        return f"a program of a release before 1.0.0: it has to speak protocol {ours}"
    return f"a program that speaks protocol {said}, and not {ours}: releases may be one apart"
