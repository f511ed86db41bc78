"""The contracts of a release as JSON; `python -m tests.releases.contracts` records today's as those of the last one."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy.dialects import postgresql

from shared.schema.contracts import CONTRACTS

RECORD = Path(__file__).with_name("last_contracts.json")


def described() -> dict[str, dict[str, Any]]:
    """`{label: what owners and holders of another release rely on}`."""
    dialect = postgresql.dialect()
    return {
        label: {
            "path": contract.path,
            "key": contract.key,
            "complete": contract.complete,
            "elsewhere": list(contract.elsewhere or ()),
            "facts": {name: _type(each[0]).compile(dialect) for name, each in contract.facts.items()},
            "leaving": list(contract.leaving),
            "holders": sorted(contract.holders),
        }
        for label, contract in sorted(CONTRACTS.items())
    }


def _type(declared: Any) -> Any:
    return declared() if isinstance(declared, type) else declared


def recorded() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(RECORD.read_text())
    return found


if __name__ == "__main__":
    RECORD.write_text(json.dumps(described(), indent=1) + "\n")
