/** Signed heads of the audit's chains: like entries they are added and read, and nothing else. */
export const checkpoints = {
  name: '0014-checkpoints',
  sql: `
CREATE TABLE audit.checkpoints (
  user_id text NOT NULL,
  position bigint NOT NULL,
  head text NOT NULL,
  signed_at timestamptz NOT NULL,
  key_id text NOT NULL,
  signature text NOT NULL,
  PRIMARY KEY (user_id, position, key_id)
);
ALTER TABLE audit.checkpoints ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON audit.checkpoints USING (messaging.is_user(user_id) OR messaging.is_system()) WITH CHECK (messaging.is_system());
ALTER POLICY own_rows ON audit.chains USING (messaging.is_user(user_id) OR messaging.is_system());
SELECT messaging.grant_to('SELECT, INSERT', 'audit.checkpoints', 'audit');
`,
}
