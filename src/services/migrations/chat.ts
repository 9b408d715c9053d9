/** What waits for a person's word, and which conversations are whose; what was said is in the state store. */
export const chat = {
  name: '0013-chat',
  sql: `
CREATE TABLE backend.confirmations (
  token_hash text PRIMARY KEY,
  user_id text NOT NULL,
  tool text NOT NULL,
  arguments jsonb NOT NULL,
  conversation_id uuid,
  expires_at timestamptz NOT NULL
);

CREATE TABLE backend.conversations (
  id uuid PRIMARY KEY,
  user_id text NOT NULL,
  title text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX conversations_user ON backend.conversations (user_id, updated_at DESC);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['confirmations', 'conversations'] LOOP
    EXECUTE format('ALTER TABLE backend.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_rows ON backend.%I USING (messaging.is_user(user_id)) WITH CHECK (messaging.is_user(user_id))', name);
  END LOOP;
END $$;

SELECT messaging.grant_to('SELECT, INSERT, DELETE', 'backend.confirmations', 'backend');
SELECT messaging.grant_to('SELECT, INSERT, UPDATE, DELETE', 'backend.conversations', 'backend');
`,
}
