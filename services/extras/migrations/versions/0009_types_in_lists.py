"""The lists of types of custom fields and webhooks lose indexes that no filter could use; others are made."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("extras_customfield", "extras_webhook")


def upgrade() -> None:
    for table in TABLES:
        op.drop_index(f"ix_{table}_obj_type", table_name=table, if_exists=True)


def downgrade() -> None:
    for table in TABLES:
        op.drop_index(f"gin_{table}_obj_type", table_name=table, if_exists=True)
