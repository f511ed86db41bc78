"""Where a form leads back to."""

from flask import request


def next_address(default: str) -> str:
    """The address on this site that `next` names; `default` where it names none, or one elsewhere."""
    wanted = request.values.get("next", "")
    safe = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if safe else default
