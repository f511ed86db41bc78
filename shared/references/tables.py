"""The tables that references between services need, in the database of every service."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    column,
    false,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY


def add(metadata: MetaData) -> None:
    """Declare the tables in `metadata`."""
    Table(
        "reference_claim",
        metadata,
        Column("service", String(20), primary_key=True),
        Column("label", String(50), primary_key=True),
        Column("object_id", Integer, primary_key=True, comment="0: every object of the type"),
        Column("restricting", Boolean, nullable=False, comment="whether the holder must be asked before a delete"),
        Index(None, "label", "object_id"),
    )
    Table(
        "reference_outbox",
        metadata,
        Column("id", BigInteger, primary_key=True, autoincrement=True, comment="a new one with every change"),
        Column("service", String(20), nullable=False),
        Column("label", String(50), nullable=False),
        Column("object_id", Integer, nullable=False),
        Column("created", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
        Column("followed", Boolean, nullable=False, server_default=false(), comment="from a delivery of another"),
        UniqueConstraint("service", "label", "object_id"),
        Index(None, "service", "id"),
        Index("ix_reference_outbox_followed", "service", postgresql_where=column("followed")),
    )
    Table(
        "identity_spent",
        metadata,
        Column("number", String(24), primary_key=True),
        Column("spent", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp(), index=True),
    )
    Table(
        "idempotency_key",
        metadata,
        Column("name", String(64), primary_key=True),  # a digest of the key and its user
        Column("request", String(40), nullable=False),  # a digest of method, path, query and body
        Column("status", SmallInteger, nullable=False),
        Column("reply", LargeBinary, nullable=False),  # encrypted with the key
        Column("created", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp(), index=True),
    )
    Table(
        "reference_intent",
        metadata,
        Column("token", Uuid, primary_key=True),
        Column("label", String(50), primary_key=True),
        Column("object_id", Integer, primary_key=True),
        Column("created", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    )
    Table(
        "reference_position",
        metadata,
        Column("owner", String(20), primary_key=True),
        Column("position", BigInteger, nullable=False, comment="the highest number that the owner gave, ever"),
        Column("delivered", BigInteger, nullable=False, server_default="0", comment="the last delivery applied"),
        Column("incarnation", Uuid, comment="of the owner's database"),
        Column("pulled", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
        Column("restored", String(10), comment="which of the two was found to be behind the other: owner or holder"),
        Column("audited", DateTime(timezone=True), comment="when the replicas were last compared with the owner"),
        Column("findings", Integer, comment="how many did not agree then"),
    )
    Table(
        "reference_reader",
        metadata,
        Column("service", String(20), primary_key=True),
        Column("acknowledged", BigInteger, nullable=False, comment="the highest delivery that the holder has applied"),
    )
    Table(
        "reference_incarnation",
        metadata,
        Column("id", Uuid, primary_key=True, comment="of this database, for as long as it is the same"),
        Column("fingerprint", String(100), comment="where it was when every holder last agreed on its past"),
    )
    Table(
        "reference_lost",
        metadata,
        Column("label", String(50), primary_key=True),
        Column("object_id", Integer, primary_key=True, comment="of a replica whose object its owner lost"),
        Column("incarnation", Uuid, nullable=False, comment="of the owner's database that had it"),
        Column("since", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    )
    Table(
        "reference_complete",
        metadata,
        Column("label", String(50), primary_key=True, comment="a type of which every object is held"),
        Column("since", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    )
    Table(
        "reference_fact",
        metadata,
        Column("label", String(50), primary_key=True),
        Column("had", ARRAY(Text), nullable=False, comment="the facts that all replicas of the type have"),
        Column("fetching", ARRAY(Text), nullable=False, comment="those that are being fetched for them"),
        Column("after", Integer, nullable=False, server_default="0", comment="up to this id they are there"),
        Column("number", Uuid, nullable=False, server_default=func.gen_random_uuid(), comment="of this fetching"),
    )
    Table(
        "reference_set_aside",
        metadata,
        Column("label", String(50), primary_key=True),
        Column("object_id", Integer, primary_key=True, comment="what its owner told of it could not be applied"),
        Column("reason", String(200), nullable=False),
        Column("tries", Integer, nullable=False, server_default="1"),
        Column("tried", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
        Column("since", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    )
    Table(
        "activity_outbox",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("time", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp(), index=True),
        Column("user_id", Integer, nullable=False),
        Column("action", SmallInteger, nullable=False),
        Column("content_type", String(50), nullable=False),
        Column("object_id", Integer, nullable=False),
        Column("name", String(200), nullable=False),
        Column("path", String(200), nullable=False),
    )
