/** What a series may be told after it began: leave out, pause, skip what was missed, differ in one occurrence. */
export const recurrence = {
  name: '0008-recurrence',
  sql: `
ALTER TABLE backend.series
  ADD COLUMN missed text NOT NULL DEFAULT 'catch_up' CHECK (missed IN ('catch_up', 'skip')),
  ADD COLUMN paused_at timestamptz,
  ADD COLUMN waiting jsonb,
  ADD COLUMN template jsonb;
`,
}
