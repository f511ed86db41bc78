"""Follow the inventory: every change of every service as it comes, without a receiver for webhooks.

    python docs/examples/follow_changes.py http://127.0.0.1:8000 "$(cat var/admin-token)" position

The file `position` keeps the position of the last change that was dealt with, so that a script that was stopped goes
on where it was. Without such a file it begins with the first change that is kept.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

WAIT_SECONDS, PAUSE_SECONDS = 25, 5


def changes(address: str, token: str, position: int) -> Iterator[dict[str, Any]]:
    """Every change after `position`, for ever."""
    session = requests.Session()
    session.headers["Authorization"] = f"Token {token}"
    while True:
        asked = {"after": position, "wait": WAIT_SECONDS, "limit": 1000}
        try:
            reply = session.get(f"{address}/api/extras/object-changes/", params=asked, timeout=2 * WAIT_SECONDS)
        except requests.RequestException:
            time.sleep(PAUSE_SECONDS)
            continue
        if reply.status_code >= 500:
            time.sleep(PAUSE_SECONDS)
            continue
        if not reply.ok:
            raise SystemExit(f"{reply.status_code} {reply.text}")
        for change in reply.json()["results"]:
            yield change
            position = change["id"]


def difference(change: dict[str, Any]) -> str:
    """What is not as it was: `status: 1 → 2`."""
    before, after = change["prechange_data"] or {}, change["postchange_data"] or {}
    names = [name for name in {**before, **after} if name != "last_updated" and before.get(name) != after.get(name)]
    return ", ".join(f"{name}: {before.get(name)} → {after.get(name)}" for name in names)


def main() -> None:
    if len(sys.argv) != 4:
        raise SystemExit("Usage: docs/examples/follow_changes.py ADDRESS TOKEN FILE")
    address, token, file = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    new = file.with_name(f"{file.name}.new")
    position = int(file.read_text()) if file.exists() else 0
    for change in changes(address, token, position):
        done, what = change["action"]["label"], f"{change['changed_object_type']} {change['object_repr']}"
        print(f"{change['user_name'] or 'nobody'}: {done} {what} ({difference(change)})", flush=True)
        new.write_text(str(change["id"]))
        new.replace(file)  # whoever ends this ends it before or after, never between


if __name__ == "__main__":
    main()
