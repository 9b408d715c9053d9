/** What replaying dead letters, housekeeping and erasing a person need. */
export const operations = {
  name: '0007-operations',
  sql: `
ALTER TABLE messaging.inbox_failures ADD COLUMN replays integer NOT NULL DEFAULT 0, ADD COLUMN replayed_at timestamptz;
CREATE INDEX inbox_failures_letters ON messaging.inbox_failures (id) WHERE dead_lettered_at IS NOT NULL;
SELECT messaging.grant_to('DELETE', 'messaging.inbox_failures', 'backend');
SELECT messaging.grant_to('DELETE', 'recurring.occurrences', 'recurring');
`,
}
