/**
 * What analytics was told, so that its projection can be made anew after the topic forgot; what it held before becomes its
 * first facts. And in which zone a person's days begin.
 */
export const statistics = {
  name: '0012-statistics',
  sql: `
ALTER TABLE analytics.tasks ADD COLUMN all_day boolean NOT NULL DEFAULT false;

CREATE TABLE analytics.facts (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id text NOT NULL,
  event_id text NOT NULL,
  fact jsonb NOT NULL,
  UNIQUE (user_id, event_id)
);

INSERT INTO analytics.facts (user_id, event_id, fact)
SELECT user_id, 'held-before:' || task_id, jsonb_build_object('task_id', task_id, 'version', version, 'time', event_time, 'status', status,
  'completed_at', completed_at, 'created_at', created_at, 'deleted', deleted, 'priority', priority, 'tags', to_jsonb(tags), 'due_at', due_at)
FROM analytics.tasks;

CREATE TABLE analytics.people (
  user_id text PRIMARY KEY,
  timezone text NOT NULL,
  event_time timestamptz NOT NULL
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['facts', 'people'] LOOP
    EXECUTE format('ALTER TABLE analytics.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_rows ON analytics.%I USING (messaging.is_user(user_id) OR messaging.is_system()) WITH CHECK (messaging.is_user(user_id))', name);
  END LOOP;
END $$;

SELECT messaging.grant_to('SELECT, INSERT, DELETE', 'analytics.facts', 'analytics');
SELECT messaging.grant_to('SELECT, INSERT, UPDATE, DELETE', 'analytics.people', 'analytics');
`,
}
