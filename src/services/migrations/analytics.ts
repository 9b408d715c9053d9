/** The newest known state of each task; every figure is computed from it, so replaying the topic rebuilds them all. */
export const analytics = {
  name: '0006-analytics',
  sql: `
CREATE SCHEMA analytics;

CREATE TABLE analytics.tasks (
  task_id uuid PRIMARY KEY,
  user_id text NOT NULL,
  version integer NOT NULL,
  event_time timestamptz NOT NULL,
  status text NOT NULL DEFAULT 'open',
  priority text NOT NULL DEFAULT 'none',
  tags text[] NOT NULL DEFAULT '{}',
  due_at timestamptz,
  created_at timestamptz,
  completed_at timestamptz,
  deleted boolean NOT NULL DEFAULT false
);
CREATE INDEX tasks_user ON analytics.tasks (user_id) WHERE NOT deleted;
ALTER TABLE analytics.tasks ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON analytics.tasks USING (messaging.is_user(user_id)) WITH CHECK (messaging.is_user(user_id));

SELECT messaging.grant_to('USAGE', 'SCHEMA analytics', 'analytics');
SELECT messaging.grant_to('SELECT, INSERT, UPDATE, DELETE', 'analytics.tasks', 'analytics');
`,
}
