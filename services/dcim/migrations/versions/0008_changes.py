"""Changes are noted with what was before and after."""

from shared.references import schema_changes

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema_changes.note_changes()


def downgrade() -> None:
    schema_changes.note_no_changes()
