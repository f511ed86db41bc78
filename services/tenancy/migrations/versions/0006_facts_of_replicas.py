"""A holder remembers which facts its replicas have, and what could not be applied."""

from shared.references import schema_changes

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema_changes.remember_facts()


def downgrade() -> None:
    schema_changes.forget_facts()
