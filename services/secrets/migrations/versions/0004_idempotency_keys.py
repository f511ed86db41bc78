"""Replies to writes with an idempotency key are kept."""

from shared.references import schema_changes

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema_changes.keep_replies()


def downgrade() -> None:
    schema_changes.keep_no_replies()
