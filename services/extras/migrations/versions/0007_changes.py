"""Changes are noted and kept with what was before and after."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.references import schema_changes

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema_changes.note_changes()
    op.create_table(
        "extras_objectchange",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note", sa.Uuid(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("user_name", sa.String(length=150), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("action", sa.SmallInteger(), nullable=False),
        sa.Column("requested", sa.Boolean(), nullable=False),
        sa.Column("changed_object_type", sa.String(length=50), nullable=False),
        sa.Column("changed_object_id", sa.Integer(), nullable=False),
        sa.Column("object_repr", sa.String(length=200), nullable=False),
        sa.Column("related_object_type", sa.String(length=50), nullable=True),
        sa.Column("related_object_id", sa.Integer(), nullable=True),
        sa.Column("prechange_data", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("postchange_data", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("home", sa.String(length=200), nullable=False),
        sa.Column("related_home", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users_user.id"], name=op.f("fk_extras_objectchange_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extras_objectchange")),
        sa.UniqueConstraint("note", name=op.f("uq_extras_objectchange_note")),
    )
    op.create_index(
        "ix_extras_objectchange_changed_object_id",
        "extras_objectchange",
        ["changed_object_id", sa.literal_column("time DESC"), "id"],
        unique=False,
    )
    op.create_index(
        "ix_extras_objectchange_changed_object_type",
        "extras_objectchange",
        ["changed_object_type", sa.literal_column("time DESC"), "id"],
        unique=False,
    )
    op.create_index(
        "ix_extras_objectchange_related_object_id",
        "extras_objectchange",
        ["related_object_id", sa.literal_column("time DESC"), "id"],
        unique=False,
    )
    op.create_index(
        "ix_extras_objectchange_request_id",
        "extras_objectchange",
        ["request_id", sa.literal_column("time DESC"), "id"],
        unique=False,
    )
    op.create_index(op.f("ix_extras_objectchange_time"), "extras_objectchange", ["time"], unique=False)
    op.create_index(
        "ix_extras_objectchange_user_id",
        "extras_objectchange",
        ["user_id", sa.literal_column("time DESC"), "id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_extras_objectchange_user_id", table_name="extras_objectchange")
    op.drop_index(op.f("ix_extras_objectchange_time"), table_name="extras_objectchange")
    op.drop_index("ix_extras_objectchange_request_id", table_name="extras_objectchange")
    op.drop_index("ix_extras_objectchange_related_object_id", table_name="extras_objectchange")
    op.drop_index("ix_extras_objectchange_changed_object_type", table_name="extras_objectchange")
    op.drop_index("ix_extras_objectchange_changed_object_id", table_name="extras_objectchange")
    op.drop_table("extras_objectchange")
    schema_changes.note_no_changes()
