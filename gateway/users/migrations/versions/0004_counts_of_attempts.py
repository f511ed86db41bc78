"""Counts of attempts to log in."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "users_attempt_count",
        sa.Column("key", sa.CHAR(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_users_attempt_count")),
    )
    op.create_index(op.f("ix_users_attempt_count_expires"), "users_attempt_count", ["expires"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_users_attempt_count_expires"), table_name="users_attempt_count")
    op.drop_table("users_attempt_count")
