/** Keys of requests are forgotten by their age, whosever they are: a look through a person's keys with each write grew with their writes. */
export const forgetting = {
  name: '0016-forgetting',
  sql: `
CREATE INDEX idempotency_keys_age ON backend.idempotency_keys (created_at);
ALTER POLICY own_rows ON backend.idempotency_keys USING (messaging.is_user(user_id) OR messaging.is_system());
`,
}
