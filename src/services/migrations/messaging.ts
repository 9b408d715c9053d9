/**
 * Roles, the shared outbox, and the inboxes. Each service works under its own NOLOGIN role, named after the database so
 * that installations sharing a server stay apart; the login only owns the tables and may become each of the roles.
 */
export const messaging = {
  name: '0001-messaging',
  sql: `
DO $$
DECLARE service text; service_role text;
BEGIN
  FOREACH service IN ARRAY ARRAY['backend', 'recurring', 'notification', 'audit', 'analytics'] LOOP
    service_role := current_database() || '_' || service;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service_role) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', service_role);
    END IF;
    IF NOT pg_has_role(current_user, service_role, 'USAGE') THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', service_role);
    END IF;
  END LOOP;
END $$;

CREATE SCHEMA messaging;

CREATE FUNCTION messaging.grant_to(privileges text, object text, VARIADIC services text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE service text;
BEGIN
  FOREACH service IN ARRAY services LOOP
    EXECUTE format('GRANT %s ON %s TO %I', privileges, object, current_database() || '_' || service);
  END LOOP;
END $$;

CREATE FUNCTION messaging.is_user(id text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT id = current_setting('app.user_id', true) $$;

CREATE FUNCTION messaging.is_system() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT current_setting('app.system', true) = 'on' $$;

CREATE TABLE messaging.outbox (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  topic text NOT NULL,
  partition_key text NOT NULL,
  type text NOT NULL,
  aggregate text NOT NULL,
  envelope jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  last_error text
);
CREATE INDEX outbox_unpublished ON messaging.outbox (seq) WHERE published_at IS NULL;
CREATE INDEX outbox_published ON messaging.outbox (published_at) WHERE published_at IS NOT NULL;

CREATE TABLE messaging.inbox (
  consumer text NOT NULL,
  event_id text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_received ON messaging.inbox (received_at);

CREATE TABLE messaging.inbox_failures (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consumer text NOT NULL,
  fingerprint uuid NOT NULL,
  event_id text,
  topic text NOT NULL,
  type text NOT NULL,
  code text NOT NULL,
  reason text NOT NULL,
  body text NOT NULL,
  attempts integer NOT NULL DEFAULT 1,
  first_failed_at timestamptz NOT NULL DEFAULT now(),
  last_failed_at timestamptz NOT NULL DEFAULT now(),
  dead_lettered_at timestamptz,
  UNIQUE (consumer, fingerprint)
);

SELECT messaging.grant_to('USAGE', 'SCHEMA messaging', 'backend', 'recurring', 'notification', 'audit', 'analytics');
SELECT messaging.grant_to('INSERT', 'messaging.outbox', 'recurring', 'notification');
SELECT messaging.grant_to('SELECT, INSERT, UPDATE, DELETE', 'messaging.outbox', 'backend');
SELECT messaging.grant_to('SELECT, INSERT', 'messaging.inbox', 'recurring', 'notification', 'audit', 'analytics');
SELECT messaging.grant_to('SELECT, INSERT, DELETE', 'messaging.inbox', 'backend');
SELECT messaging.grant_to('SELECT, INSERT, UPDATE', 'messaging.inbox_failures', 'backend', 'recurring', 'notification', 'audit', 'analytics');
`,
}
