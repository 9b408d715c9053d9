/** Replays of dead letters that survive a restart, and whose letters are somebody's: they go when the person does. */
export const replays = {
  name: '0009-replays',
  sql: `
ALTER TABLE messaging.inbox_failures ADD COLUMN user_id text;
CREATE INDEX inbox_failures_user ON messaging.inbox_failures (user_id);

CREATE TABLE messaging.replays (
  id uuid PRIMARY KEY,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  filter jsonb NOT NULL,
  rate integer NOT NULL CHECK (rate > 0),
  status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'done', 'stopped')),
  total integer NOT NULL,
  next_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
CREATE INDEX replays_running ON messaging.replays (next_at) WHERE status = 'running';

CREATE TABLE messaging.replay_items (
  replay_id uuid NOT NULL REFERENCES messaging.replays (id) ON DELETE CASCADE,
  letter_id bigint NOT NULL,
  outcome text CHECK (outcome IN ('replayed', 'gone')),
  PRIMARY KEY (replay_id, letter_id)
);
CREATE INDEX replay_items_open ON messaging.replay_items (replay_id, letter_id) WHERE outcome IS NULL;

SELECT messaging.grant_to('SELECT, INSERT, UPDATE, DELETE', 'messaging.replays', 'backend');
SELECT messaging.grant_to('SELECT, INSERT, UPDATE, DELETE', 'messaging.replay_items', 'backend');
SELECT messaging.grant_to('INSERT', 'messaging.outbox', 'audit', 'analytics');
`,
}
