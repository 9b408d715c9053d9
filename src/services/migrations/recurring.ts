/** Which occurrences were already asked for. */
export const recurring = {
  name: '0003-recurring',
  sql: `
CREATE SCHEMA recurring;

CREATE TABLE recurring.occurrences (
  series_id uuid NOT NULL,
  index integer NOT NULL,
  user_id text NOT NULL,
  due_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (series_id, index)
);
ALTER TABLE recurring.occurrences ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON recurring.occurrences USING (messaging.is_user(user_id)) WITH CHECK (messaging.is_user(user_id));

SELECT messaging.grant_to('USAGE', 'SCHEMA recurring', 'recurring');
SELECT messaging.grant_to('SELECT, INSERT', 'recurring.occurrences', 'recurring');
`,
}
