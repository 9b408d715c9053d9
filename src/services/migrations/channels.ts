/** Ways to reach a person beside the inbox, and what is still to go out on them; mails become one of the ways. */
export const channels = {
  name: '0010-channels',
  sql: `
ALTER TABLE backend.preferences
  ADD COLUMN notifications jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN quiet_hours jsonb,
  ADD COLUMN digest_at text;

ALTER TABLE notification.preferences
  ADD COLUMN timezone text NOT NULL DEFAULT 'UTC',
  ADD COLUMN notifications jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN quiet_hours jsonb,
  ADD COLUMN digest_at text,
  ADD COLUMN unsubscribe_token uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  ADD COLUMN unsubscribed_at timestamptz;

ALTER TABLE notification.notifications ADD COLUMN in_app boolean NOT NULL DEFAULT true;

CREATE TABLE notification.targets (
  id uuid PRIMARY KEY,
  user_id text NOT NULL,
  channel text NOT NULL CHECK (channel IN ('web_push', 'webhook')),
  url text NOT NULL,
  secrets jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (user_id, url)
);

CREATE TABLE notification.deliveries (
  id uuid PRIMARY KEY,
  notification_id uuid NOT NULL REFERENCES notification.notifications (id) ON DELETE CASCADE,
  user_id text NOT NULL,
  channel text NOT NULL CHECK (channel IN ('email', 'web_push', 'webhook')),
  recipient text,
  target_id uuid REFERENCES notification.targets (id) ON DELETE CASCADE,
  digest boolean NOT NULL DEFAULT false,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz,
  failed_at timestamptz,
  last_error text
);
CREATE INDEX deliveries_open ON notification.deliveries (next_attempt_at) WHERE sent_at IS NULL AND failed_at IS NULL;
CREATE INDEX deliveries_notification ON notification.deliveries (notification_id);

INSERT INTO notification.deliveries (id, notification_id, user_id, channel, recipient, attempts, next_attempt_at, sent_at, failed_at, last_error)
SELECT gen_random_uuid(), notification_id, user_id, 'email', recipient, attempts, next_attempt_at, sent_at, failed_at, last_error FROM notification.mails;
DROP TABLE notification.mails;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['targets', 'deliveries'] LOOP
    EXECUTE format('ALTER TABLE notification.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own_rows ON notification.%I USING (messaging.is_user(user_id) OR messaging.is_system())', name);
  END LOOP;
END $$;

SELECT messaging.grant_to('SELECT, INSERT, UPDATE, DELETE', 'notification.targets', 'notification');
SELECT messaging.grant_to('SELECT, INSERT, UPDATE, DELETE', 'notification.deliveries', 'notification');
`,
}
