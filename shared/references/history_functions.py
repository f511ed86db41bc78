"""What the triggers of every type note changes with: functions, and settings of the transaction that they read."""

from shared.db.definitions import DatabaseObject

# Settings of a transaction: on whose behalf it is, as JSON, and what its changes have in common.
CAUSE, BATCH = "patchbay.cause", "patchbay.batch"
CREATED, UPDATED, DELETED = 1, 2, 3
# What is kept of what an object is called.
NAME_LENGTH = 200

FUNCTIONS = (
    DatabaseObject(
        "history_batch",
        f"""
CREATE OR REPLACE FUNCTION history_batch() RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE known text = current_setting('{BATCH}', true);
BEGIN
  IF coalesce(known, '') = '' THEN
    known = gen_random_uuid()::text;
    PERFORM set_config('{BATCH}', known, true);
  END IF;
  RETURN known::uuid;
END $$;
""",
    ),
    DatabaseObject(
        "history_cause",
        f"""
CREATE OR REPLACE FUNCTION history_cause() RETURNS jsonb LANGUAGE sql AS $$
  SELECT nullif(current_setting('{CAUSE}', true), '')::jsonb
$$;
""",
    ),
    # One cascade may empty a reference of a row and shorten its list. Each is noted by a trigger that sees the other as
    # it is afterwards: so each tells what `was` and `is_now` of its own attributes only, and has the note of the same
    # statement say what was of these, unless it goes on from there.
    DatabaseObject(
        "history_keep",
        """
CREATE OR REPLACE FUNCTION history_keep(of_label text, of_id integer, was jsonb, is_now jsonb, others jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE cause jsonb = history_cause();
BEGIN
  INSERT INTO change_outbox AS known (batch, label, object_id, request_id, user_id, user_name, before, after)
  VALUES (history_batch(), of_label, of_id, cause->>'request_id', (cause->>'user_id')::integer, cause->>'user_name',
          others || was, others || is_now)
  ON CONFLICT (batch, label, object_id) DO UPDATE SET
    after = known.after || is_now,
    before = CASE
      WHEN is_now IS NOT NULL AND known.time >= statement_timestamp()
        AND known.after || was IS DISTINCT FROM known.after
      THEN known.before || was ELSE known.before END;
END $$;
""",
        arguments="text, integer, jsonb, jsonb, jsonb",
    ),
)
