/** Reminders as the alarm clock sees them, the in-app inbox, and mails still to send. */
export const notification = {
  name: '0004-notification',
  sql: `
CREATE SCHEMA notification;

CREATE TABLE notification.reminders (
  id uuid PRIMARY KEY,
  user_id text NOT NULL,
  task_id uuid NOT NULL,
  version integer NOT NULL,
  title text NOT NULL DEFAULT '',
  due_at timestamptz,
  remind_at timestamptz NOT NULL,
  status text NOT NULL CHECK (status IN ('scheduled', 'cancelled', 'triggered', 'missed')),
  job_version integer,
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reminders_open ON notification.reminders (remind_at) WHERE status = 'scheduled';
CREATE INDEX reminders_task ON notification.reminders (task_id);

CREATE TABLE notification.notifications (
  id uuid PRIMARY KEY,
  user_id text NOT NULL,
  dedupe_key text NOT NULL UNIQUE,
  kind text NOT NULL,
  title text NOT NULL,
  body text NOT NULL DEFAULT '',
  task_id uuid,
  reminder_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  read_at timestamptz
);
CREATE INDEX notifications_user ON notification.notifications (user_id, created_at DESC, id DESC);

CREATE TABLE notification.mails (
  notification_id uuid PRIMARY KEY REFERENCES notification.notifications (id) ON DELETE CASCADE,
  user_id text NOT NULL,
  recipient text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz,
  failed_at timestamptz,
  last_error text
);
CREATE INDEX mails_open ON notification.mails (next_attempt_at) WHERE sent_at IS NULL AND failed_at IS NULL;

CREATE TABLE notification.preferences (
  user_id text PRIMARY KEY,
  email text,
  email_notifications boolean NOT NULL DEFAULT false
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['reminders', 'notifications', 'mails', 'preferences'] LOOP
    EXECUTE format('ALTER TABLE notification.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_rows ON notification.%I USING (messaging.is_user(user_id) OR messaging.is_system())', name);
  END LOOP;
END $$;

SELECT messaging.grant_to('USAGE', 'SCHEMA notification', 'notification');
SELECT messaging.grant_to('SELECT, INSERT, UPDATE, DELETE', 'ALL TABLES IN SCHEMA notification', 'notification');
`,
}
