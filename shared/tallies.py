"""How many rows a table has, without counting them: what a list of a million says of its length must not take longer.

Every statement that adds or removes rows writes the difference into `row_tally`, in its own transaction, so the sum
that a reader sees is exactly the number of rows it sees. Now and then a writer adds the differences up.
"""

from sqlalchemy import BigInteger, Column, Connection, Index, MetaData, Select, String, Table, cast, func, select, text

COMPACT_LOCK = 7_326_002

FUNCTION = f"""
CREATE OR REPLACE FUNCTION row_tally_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE change bigint;
BEGIN
  SELECT count(*) INTO change FROM changed;
  IF change = 0 THEN RETURN NULL; END IF;
  INSERT INTO row_tally VALUES (TG_ARGV[0], CASE TG_OP WHEN 'INSERT' THEN change ELSE -change END);
  IF random() < 0.02 AND pg_try_advisory_xact_lock({COMPACT_LOCK}) THEN
    WITH added AS (DELETE FROM row_tally WHERE label = TG_ARGV[0] RETURNING difference)
    INSERT INTO row_tally SELECT TG_ARGV[0], sum(difference) FROM added;
  END IF;
  RETURN NULL;
END $$
"""


def add(metadata: MetaData) -> None:
    """Declare the table of differences in `metadata`."""
    label, difference = Column("label", String(50), nullable=False), Column("difference", BigInteger, nullable=False)
    made = Table("row_tally", metadata, label, difference)
    Index(None, made.c.label)


def total(model) -> Select:
    """The number of rows of `model`."""
    tally = model.metadata.tables["row_tally"]
    return select(cast(func.coalesce(func.sum(tally.c.difference), 0), BigInteger)).where(tally.c.label == model.label)


def install(connection: Connection, resources) -> None:
    """Have every table of `resources` counted; one that was not gets counted once."""
    connection.execute(text(FUNCTION.replace(":", "\\:")))
    for model in {resource.model: None for resource in resources}:
        table, label = model.__tablename__, model.label
        for event, rows in (("INSERT", "NEW"), ("DELETE", "OLD")):
            connection.execute(
                text(
                    f"CREATE OR REPLACE TRIGGER row_tally_{event.lower()} AFTER {event} ON {table}"
                    f" REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT"
                    f" EXECUTE FUNCTION row_tally_change('{label}')"
                )
            )
        count_once(connection, table, label)


def count_once(connection: Connection, table: str, label: str) -> None:
    """CREATE TRIGGER holds back other writers of the table until this transaction ends."""
    connection.execute(
        text(
            f"INSERT INTO row_tally SELECT :label, count(*) FROM {table}"
            " WHERE NOT EXISTS (SELECT FROM row_tally WHERE label = :label) HAVING count(*) > 0"
        ),
        {"label": label},
    )
