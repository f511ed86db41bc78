"""Changes of the tables of `tables.py`, each written once for the migrations of every app.

A change that was released stays as it is: the databases that are older take this way.
"""

import sqlalchemy as sa
from alembic import op

_HOLDERS = (
    "INSERT INTO reference_reader (service, acknowledged) SELECT DISTINCT service, 0 FROM reference_claim"
    " ON CONFLICT DO NOTHING"
)
_LAST_OF_EACH = (
    "DELETE FROM reference_outbox old USING reference_outbox new WHERE old.id < new.id"
    " AND (old.service, old.label, old.object_id) = (new.service, new.label, new.object_id)"
)
_DELIVERED = "the last delivery applied"
_FINGERPRINT = "where it was when every holder last agreed on its past"
_FOLLOWED = "from a delivery of another"
_SET_ASIDE = "what its owner told of it could not be applied"
_LOST = "of a replica whose object its owner lost"
# Of columns that were there before: what is said of them now, and what was.
_COMMENTS = (
    ("reference_outbox", "id", "a new one with every change", None),
    (
        "reference_position",
        "position",
        "the highest number that the owner gave, ever",
        "the highest entry of the owner's outbox seen",
    ),
    (
        "reference_reader",
        "acknowledged",
        "the highest delivery that the holder has applied",
        "the highest entry that the holder has applied",
    ),
)


def deliver_to_holders() -> None:
    """One entry of the outbox for each holder and object; databases that know themselves and what was lost."""
    op.execute(_LAST_OF_EACH)
    op.create_unique_constraint(
        op.f("uq_reference_outbox_service_label_object_id"), "reference_outbox", ["service", "label", "object_id"]
    )
    op.create_index(op.f("ix_reference_outbox_service_id"), "reference_outbox", ["service", "id"])
    op.drop_index(op.f("ix_reference_outbox_service"), table_name="reference_outbox")
    op.create_index(op.f("ix_reference_claim_label_object_id"), "reference_claim", ["label", "object_id"])
    delivered = sa.Column("delivered", sa.BigInteger(), server_default="0", nullable=False, comment=_DELIVERED)
    op.add_column("reference_position", delivered)
    op.add_column("reference_position", sa.Column("incarnation", sa.Uuid(), comment="of the owner's database"))
    op.execute("UPDATE reference_position SET delivered = position")
    op.create_table(
        "reference_incarnation",
        sa.Column("id", sa.Uuid(), nullable=False, comment="of this database, for as long as it is the same"),
        sa.Column("fingerprint", sa.String(length=100), comment=_FINGERPRINT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_incarnation")),
    )
    op.create_table(
        "reference_lost",
        sa.Column("label", sa.String(length=50), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False, comment=_LOST),
        sa.Column("incarnation", sa.Uuid(), nullable=False, comment="of the owner's database that had it"),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("label", "object_id", name=op.f("pk_reference_lost")),
    )
    for table, column, comment, _ in _COMMENTS:
        op.alter_column(table, column, comment=comment)
    op.execute(_HOLDERS)


def pull_by_holders() -> None:
    """The way back from `deliver_to_holders`."""
    for table, column, _, comment in _COMMENTS:
        op.alter_column(table, column, comment=comment)
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


def tell_what_followed() -> None:
    """Whether an entry of the outbox followed from what another service delivered."""
    op.add_column(
        "reference_outbox",
        sa.Column("followed", sa.Boolean(), server_default=sa.false(), nullable=False, comment=_FOLLOWED),
    )


def tell_no_causes() -> None:
    """The way back from `tell_what_followed`."""
    op.drop_column("reference_outbox", "followed")


def remember_facts() -> None:
    """Which facts the replicas of a type have, and what of an owner's changes could not be applied."""
    op.create_table(
        "reference_fact",
        sa.Column("label", sa.String(length=50), nullable=False),
        sa.Column("had", sa.ARRAY(sa.Text()), nullable=False, comment="the facts that all replicas of the type have"),
        sa.Column("fetching", sa.ARRAY(sa.Text()), nullable=False, comment="those that are being fetched for them"),
        sa.Column("after", sa.Integer(), server_default="0", nullable=False, comment="up to this id they are there"),
        sa.Column(
            "number",
            sa.Uuid(),
            server_default=sa.text("gen_random_uuid()"),
            nullable=False,
            comment="of this fetching",
        ),
        sa.PrimaryKeyConstraint("label", name=op.f("pk_reference_fact")),
    )
    op.create_table(
        "reference_set_aside",
        sa.Column("label", sa.String(length=50), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False, comment=_SET_ASIDE),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="1", nullable=False),
        sa.Column("tried", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("label", "object_id", name=op.f("pk_reference_set_aside")),
    )


def forget_facts() -> None:
    """The way back from `remember_facts`."""
    op.drop_table("reference_set_aside")
    op.drop_table("reference_fact")
