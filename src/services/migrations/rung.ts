/** What the console counts of a day: reminders that rang, and how late. */
export const rung = {
  name: '0015-rung',
  sql: `
CREATE INDEX reminders_rung ON notification.reminders (remind_at) WHERE status IN ('triggered', 'missed');
`,
}
