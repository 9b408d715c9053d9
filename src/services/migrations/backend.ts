/** Tasks and what belongs to them. Row-level security: a transaction sees the rows of the user it was opened for. */
export const backend = {
  name: '0002-backend',
  sql: `
CREATE SCHEMA backend;

CREATE TABLE backend.series (
  id uuid PRIMARY KEY,
  user_id text NOT NULL,
  rrule text NOT NULL,
  dtstart text NOT NULL,
  tzid text NOT NULL,
  exdates text[] NOT NULL DEFAULT '{}',
  mode text NOT NULL CHECK (mode IN ('schedule', 'completion')),
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX series_user ON backend.series (user_id, created_at);

CREATE TABLE backend.tasks (
  id uuid PRIMARY KEY,
  user_id text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  title text NOT NULL,
  description text,
  priority text NOT NULL DEFAULT 'none',
  tags text[] NOT NULL DEFAULT '{}',
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'done')),
  completed_at timestamptz,
  due_at timestamptz,
  due_tz text,
  all_day boolean NOT NULL DEFAULT false,
  parent_task_id uuid,
  series_id uuid REFERENCES backend.series (id),
  series_index integer,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  UNIQUE (series_id, series_index)
);
CREATE INDEX tasks_created ON backend.tasks (user_id, created_at DESC, id DESC);
CREATE INDEX tasks_due ON backend.tasks (user_id, due_at, id);

CREATE TABLE backend.reminders (
  id uuid PRIMARY KEY,
  task_id uuid NOT NULL REFERENCES backend.tasks (id) ON DELETE CASCADE,
  user_id text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  remind_at timestamptz NOT NULL,
  before text,
  status text NOT NULL DEFAULT 'scheduled' CHECK (status IN ('scheduled', 'cancelled'))
);
CREATE INDEX reminders_task ON backend.reminders (task_id);
CREATE INDEX reminders_user ON backend.reminders (user_id, remind_at);

CREATE TABLE backend.preferences (
  user_id text PRIMARY KEY,
  version integer NOT NULL DEFAULT 1,
  timezone text NOT NULL DEFAULT 'UTC',
  email text,
  email_notifications boolean NOT NULL DEFAULT false,
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE backend.idempotency_keys (
  user_id text NOT NULL,
  key text NOT NULL,
  fingerprint text NOT NULL,
  status integer,
  headers jsonb,
  body jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, key)
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['series', 'tasks', 'reminders', 'preferences', 'idempotency_keys'] LOOP
    EXECUTE format('ALTER TABLE backend.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_rows ON backend.%I USING (messaging.is_user(user_id)) WITH CHECK (messaging.is_user(user_id))', name);
  END LOOP;
END $$;

SELECT messaging.grant_to('USAGE', 'SCHEMA backend', 'backend');
SELECT messaging.grant_to('SELECT, INSERT, UPDATE, DELETE', 'ALL TABLES IN SCHEMA backend', 'backend');
`,
}
