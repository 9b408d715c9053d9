/** Append-only: the service's own role may add and read entries, and nothing else. */
export const audit = {
  name: '0005-audit',
  sql: `
CREATE SCHEMA audit;

CREATE TABLE audit.chains (
  user_id text PRIMARY KEY,
  length bigint NOT NULL,
  head text NOT NULL
);

CREATE TABLE audit.entries (
  user_id text NOT NULL,
  position bigint NOT NULL,
  event_id text NOT NULL,
  type text NOT NULL,
  subject text NOT NULL,
  task_id uuid,
  source text NOT NULL,
  occurred_at timestamptz NOT NULL,
  sequence text,
  correlation_id text,
  causation_id text,
  changed_fields text[] NOT NULL DEFAULT '{}',
  recorded_at timestamptz NOT NULL,
  previous_hash text NOT NULL,
  hash text NOT NULL,
  PRIMARY KEY (user_id, position),
  UNIQUE (user_id, event_id)
);
CREATE INDEX entries_task ON audit.entries (user_id, task_id, position);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['chains', 'entries'] LOOP
    EXECUTE format('ALTER TABLE audit.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_rows ON audit.%I USING (messaging.is_user(user_id)) WITH CHECK (messaging.is_user(user_id))', name);
  END LOOP;
END $$;

SELECT messaging.grant_to('USAGE', 'SCHEMA audit', 'audit');
SELECT messaging.grant_to('SELECT, INSERT', 'audit.entries', 'audit');
SELECT messaging.grant_to('SELECT, INSERT, UPDATE', 'audit.chains', 'audit');
`,
}
