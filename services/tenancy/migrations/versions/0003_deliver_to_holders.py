"""Changes are delivered to their holders, once for each object."""

from shared.references import schema_changes

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema_changes.deliver_to_holders()


def downgrade() -> None:
    schema_changes.pull_by_holders()
