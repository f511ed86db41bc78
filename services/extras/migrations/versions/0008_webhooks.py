"""Webhooks, and what each has told or has yet to tell."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "extras_webhook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("obj_type", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("type_create", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("type_update", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("type_delete", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("payload_url", sa.String(length=500), nullable=False),
        sa.Column("http_content_type", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("ssl_verification", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("conditions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signing_secret", sa.String(length=255), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("resting_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extras_webhook")),
        sa.UniqueConstraint("name", name=op.f("uq_extras_webhook_name")),
        sa.UniqueConstraint(
            "payload_url",
            "type_create",
            "type_update",
            "type_delete",
            name=op.f("uq_extras_webhook_payload_url_type_create_type_update_type_delete"),
        ),
    )
    op.create_index("ix_extras_webhook_enabled", "extras_webhook", ["enabled", "name", "id"], unique=False)
    op.create_index("ix_extras_webhook_payload_url", "extras_webhook", ["payload_url", "name", "id"], unique=False)
    op.create_index("ix_extras_webhook_type_create", "extras_webhook", ["type_create", "name", "id"], unique=False)
    op.create_index("ix_extras_webhook_type_delete", "extras_webhook", ["type_delete", "name", "id"], unique=False)
    op.create_index("ix_extras_webhook_type_update", "extras_webhook", ["type_update", "name", "id"], unique=False)
    op.create_table(
        "extras_webhookdelivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.SmallInteger(), nullable=False),
        sa.Column("object_type", sa.String(length=50), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_attempt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response_status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=200), server_default="", nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("taken_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["extras_webhook.id"], name=op.f("fk_extras_webhookdelivery_webhook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extras_webhookdelivery")),
    )
    op.create_index(
        "ix_extras_webhookdelivery_created",
        "extras_webhookdelivery",
        [sa.literal_column("created DESC"), "id"],
        unique=False,
    )
    op.create_index(
        "ix_extras_webhookdelivery_event_id",
        "extras_webhookdelivery",
        ["event_id", sa.literal_column("created DESC"), "id"],
        unique=False,
    )
    op.create_index(
        "ix_extras_webhookdelivery_object_id",
        "extras_webhookdelivery",
        ["object_id", sa.literal_column("created DESC"), "id"],
        unique=False,
    )
    op.create_index(
        "ix_extras_webhookdelivery_object_type",
        "extras_webhookdelivery",
        ["object_type", sa.literal_column("created DESC"), "id"],
        unique=False,
    )
    op.create_index(
        "ix_extras_webhookdelivery_order",
        "extras_webhookdelivery",
        ["webhook_id", "object_type", "object_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 1"),
    )
    op.create_index(
        "ix_extras_webhookdelivery_pending",
        "extras_webhookdelivery",
        ["webhook_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 1"),
    )
    op.create_index(
        "ix_extras_webhookdelivery_request_id",
        "extras_webhookdelivery",
        ["request_id", sa.literal_column("created DESC"), "id"],
        unique=False,
    )
    op.create_index(
        "ix_extras_webhookdelivery_status",
        "extras_webhookdelivery",
        ["status", sa.literal_column("created DESC"), "id"],
        unique=False,
    )
    op.create_index(
        "ix_extras_webhookdelivery_webhook_id",
        "extras_webhookdelivery",
        ["webhook_id", sa.literal_column("created DESC"), "id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_extras_webhookdelivery_webhook_id", table_name="extras_webhookdelivery")
    op.drop_index("ix_extras_webhookdelivery_status", table_name="extras_webhookdelivery")
    op.drop_index("ix_extras_webhookdelivery_request_id", table_name="extras_webhookdelivery")
    op.drop_index(
        "ix_extras_webhookdelivery_pending", table_name="extras_webhookdelivery", postgresql_where=sa.text("status = 1")
    )
    op.drop_index(
        "ix_extras_webhookdelivery_order", table_name="extras_webhookdelivery", postgresql_where=sa.text("status = 1")
    )
    op.drop_index("ix_extras_webhookdelivery_object_type", table_name="extras_webhookdelivery")
    op.drop_index("ix_extras_webhookdelivery_object_id", table_name="extras_webhookdelivery")
    op.drop_index("ix_extras_webhookdelivery_event_id", table_name="extras_webhookdelivery")
    op.drop_index("ix_extras_webhookdelivery_created", table_name="extras_webhookdelivery")
    op.drop_table("extras_webhookdelivery")
    op.drop_index("ix_extras_webhook_type_update", table_name="extras_webhook")
    op.drop_index("ix_extras_webhook_type_delete", table_name="extras_webhook")
    op.drop_index("ix_extras_webhook_type_create", table_name="extras_webhook")
    op.drop_index("ix_extras_webhook_payload_url", table_name="extras_webhook")
    op.drop_index("ix_extras_webhook_enabled", table_name="extras_webhook")
    op.drop_table("extras_webhook")
