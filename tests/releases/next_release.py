"""A next release, made of today's: three contracts with a fact more, a column more, members that nobody knows yet."""

from pathlib import Path

from shared.schema.contracts import CONTRACTS
from tests.releases.trees import Release, copy_of_today

# label: (the fact more, the lines of its declaration)
FACTS = {"tenancy.tenant": "description", "dcim.site": "facility", "ipam.vlan": "description"}
LENGTHS = {"tenancy.tenant": 100, "dcim.site": 50, "ipam.vlan": 100}

_GROWTH = """

def _grow(label: str, fact: str, length: int) -> None:
    contract = CONTRACTS[label]
    grown = {**contract.facts, fact: _text(length)}
    CONTRACTS[label] = replace(contract, facts=grown, nested=(*contract.nested, fact))


"""
_MIGRATION = '''"""What the next release brings."""

import sqlalchemy as sa
from alembic import op

revision = "%(number)s"
down_revision = "%(last)s"
branch_labels = None
depends_on = None


def upgrade() -> None:
%(steps)s


def downgrade() -> None:
    pass
'''
# (file, what is there, what the next release has in its place): a member more in replies, deliveries and identities.
_OWNING, _FOLLOWING, _DELIVERING, _PROGRESS = (
    f"shared/references/{name}.py" for name in ("owning", "following", "delivering", "progress")
)
_MEMBERS = (
    (_OWNING, '"objects": summaries(', '"omens": {"of": [1]}, "objects": summaries('),
    (_FOLLOWING, 'return {"outdated":', 'return {"omens": [1], "outdated":'),
    (_FOLLOWING, '"facts": facts.wanted(', '"omens": None, "facts": facts.wanted('),
    (_DELIVERING, '"seconds": seconds', '"omens": [], "seconds": seconds'),
    (_PROGRESS, '"versions": _versions', '"omens": [], "versions": _versions'),
    ("shared/security/identity.py", "claims = {**vars(identity), ", 'claims = {**vars(identity), "omens": ["good"], '),
)


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{old!r} is no longer in {path}"
    path.write_text(text.replace(old, new, 1))


def next_release(home: Path) -> Release:
    copy_of_today(home)
    contracts = home / "shared" / "schema" / "contracts.py"
    replace_in(
        contracts, "from dataclasses import dataclass, field", "from dataclasses import dataclass, field, replace"
    )
    calls = "".join(f'_grow("{label}", "{fact}", {LENGTHS[label]})\n' for label, fact in FACTS.items())
    anchor = "# The lists that are in the part of another app"
    replace_in(contracts, anchor, f"{_GROWTH.strip()}\n\n\n{calls}\n{anchor}")
    columns: dict[str, list[str]] = {}
    for label, fact in FACTS.items():
        for holder in CONTRACTS[label].holders:
            table, kind = label.replace(".", "_"), f"sa.String({LENGTHS[label]})"
            columns.setdefault(holder, []).append(f'    op.add_column("{table}", sa.Column("{fact}", {kind}))')
    tenants = home / "services" / "tenancy" / "resources" / "tenants.py"
    replace_in(
        tenants,
        "    comments = long_text()\n",
        "    comments = long_text()\n    priority = integer(0, 10, default=5)\n",
    )
    replace_in(tenants, "columns import SET_NULL", "columns import integer, SET_NULL")
    priority = 'sa.Column("priority", sa.Integer(), server_default="5", nullable=False)'
    columns.setdefault("tenancy", []).append(f'    op.add_column("tenancy_tenant", {priority})')
    for app, steps in columns.items():
        _migrate(home / "services" / app / "migrations" / "versions", steps)
    for file, old, new in _MEMBERS:
        replace_in(home / file, old, new)
    return Release("next", home)


def _migrate(versions: Path, steps: list[str]) -> None:
    last = max(path.name[:4] for path in versions.glob("[0-9]*.py"))
    number = f"{int(last) + 1:04}"
    text = _MIGRATION % {"number": number, "last": last, "steps": "\n".join(steps)}
    (versions / f"{number}_next_release.py").write_text(text)
