"""Changes of the tables of `tables.py`, each written once for the migrations of every app.

A change that was released stays as it is: the databases that are older take this way.
"""

import sqlalchemy as sa
from alembic import op

_INCARNATION = "INSERT INTO reference_incarnation (id) VALUES (gen_random_uuid())"
_HOLDERS = (
    "INSERT INTO reference_reader (service, acknowledged) SELECT DISTINCT service, 0 FROM reference_claim"
    " ON CONFLICT DO NOTHING"
)
_LAST_OF_EACH = (
    "DELETE FROM reference_outbox old USING reference_outbox new WHERE old.id < new.id"
    " AND (old.service, old.label, old.object_id) = (new.service, new.label, new.object_id)"
)


def begin() -> None:
    """What the first migration of a new service does after it has made its tables."""
    op.execute(_INCARNATION)


def deliver_to_holders() -> None:
    """One entry of the outbox for each holder and object; databases that know themselves and what was lost."""
    op.execute(_LAST_OF_EACH)
    op.create_unique_constraint(
        op.f("uq_reference_outbox_service_label_object_id"), "reference_outbox", ["service", "label", "object_id"]
    )
    op.create_index(op.f("ix_reference_outbox_service_id"), "reference_outbox", ["service", "id"])
    op.drop_index(op.f("ix_reference_outbox_service"), table_name="reference_outbox")
    op.create_index(op.f("ix_reference_claim_label_object_id"), "reference_claim", ["label", "object_id"])
    op.add_column("reference_position", sa.Column("delivered", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("reference_position", sa.Column("incarnation", sa.Uuid()))
    op.create_table(
        "reference_incarnation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(length=100)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_incarnation")),
    )
    op.create_table(
        "reference_lost",
        sa.Column("label", sa.String(length=50), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("incarnation", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("label", "object_id", name=op.f("pk_reference_lost")),
    )
    op.execute(_INCARNATION)
    op.execute(_HOLDERS)


def pull_by_holders() -> None:
    """The way back from `deliver_to_holders`."""
    op.drop_table("reference_lost")
    op.drop_table("reference_incarnation")
    op.drop_column("reference_position", "incarnation")
    op.drop_column("reference_position", "delivered")
    op.drop_index(op.f("ix_reference_claim_label_object_id"), table_name="reference_claim")
    op.create_index(op.f("ix_reference_outbox_service"), "reference_outbox", ["service"])
    op.drop_index(op.f("ix_reference_outbox_service_id"), table_name="reference_outbox")
    op.drop_constraint(op.f("uq_reference_outbox_service_label_object_id"), "reference_outbox")


def keep_replies() -> None:
    """Replies to writes with an idempotency key."""
    op.create_table(
        "idempotency_key",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("request", sa.String(length=40), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_created"), "idempotency_key", ["created"])


def keep_no_replies() -> None:
    """The way back from `keep_replies`."""
    op.drop_table("idempotency_key")
