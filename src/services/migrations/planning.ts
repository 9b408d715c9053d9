/** Reminders put off, words to search for, and calendars that follow along. */
export const planning = {
  name: '0011-planning',
  sql: `
ALTER TABLE backend.reminders ADD COLUMN snoozed_until timestamptz;

-- What a generated column may call has to be immutable, and array_to_string is not declared so: of text it is.
CREATE FUNCTION backend.words_of(title text, tags text[], description text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT setweight(to_tsvector('simple', title), 'A')
    || setweight(to_tsvector('simple', translate(array_to_string(tags, ' '), '/_-', '   ')), 'B')
    || setweight(to_tsvector('simple', coalesce(description, '')), 'C')
$$;
ALTER TABLE backend.tasks ADD COLUMN words tsvector GENERATED ALWAYS AS (backend.words_of(title, tags, description)) STORED;

CREATE TABLE backend.calendar_feeds (
  user_id text PRIMARY KEY,
  token_hash text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE backend.calendar_feeds ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON backend.calendar_feeds USING (messaging.is_user(user_id) OR messaging.is_system()) WITH CHECK (messaging.is_user(user_id));
SELECT messaging.grant_to('SELECT, INSERT, UPDATE, DELETE', 'backend.calendar_feeds', 'backend');
`,
}
