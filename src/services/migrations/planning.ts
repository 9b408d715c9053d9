/** Reminders put off, words to search for, and calendars that follow along. */
export const planning = {
  name: '0011-planning',
  sql: `
ALTER TABLE backend.reminders ADD COLUMN snoozed_until timestamptz;
`,
}
