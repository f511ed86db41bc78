#!/usr/bin/env python3
"""Writes /etc/patchbay/<program>.env for each program, from what `./patchbay keys` prints on standard input.

./patchbay keys | sudo deploy/systemd/write-environment.py /etc/patchbay
"""

import sys
from pathlib import Path

SERVICES = ("dcim", "ipam", "circuits", "tenancy", "extras", "secrets", "virtualization")


def main() -> None:
    folder = Path(sys.argv[1])
    given = dict(line.split("=", 1) for line in sys.stdin.read().splitlines() if "=" in line)
    for place, name in enumerate(("gateway", *SERVICES)):
        keys = [f"PATCHBAY_{app.upper()}_KEY" for app in ((*SERVICES, "users") if name == "gateway" else (name,))]
        password = given[f"PATCHBAY_{name.upper()}_DATABASE_PASSWORD"]
        database = f"postgresql://patchbay_{name}:{password}@127.0.0.1/patchbay_{name}"
        lines = [f"LISTEN=127.0.0.1:{8000 + place}", f"PATCHBAY_{name.upper()}_DATABASE_URL={database}"]
        lines += [f"{key}={given[key]}" for key in keys]
        file = folder / f"{name}.env"
        file.touch(mode=0o600)
        file.write_text("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
