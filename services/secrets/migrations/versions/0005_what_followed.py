"""Entries of the outbox tell whether they followed from a delivery."""

from shared.references import schema_changes

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema_changes.tell_what_followed()


def downgrade() -> None:
    schema_changes.tell_no_causes()
