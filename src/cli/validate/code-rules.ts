import { lineRule, type Rule } from './rule.ts'

/** What services do with Dapr and with events. */
export const CODE_RULES: readonly Rule[] = [
  lineRule(
    {
      id: 'partition-key-header',
      severity: 'error',
      why: 'Dapr reads metadata of a publish from the query, not from headers: no key, no order',
      fix: 'POST /v1.0/publish/<pubsub>/<topic>?metadata.partitionKey=<user id>',
    },
    ['code', 'shell'],
    /headers?\b.*metadata\.partitionKey|["']metadata\.partitionKey["']\s*[:\]]/,
  ),
  lineRule(
    {
      id: 'subscribe-post',
      severity: 'error',
      why: 'Dapr asks with GET: a 405 means no subscriptions at all',
      fix: 'GET /dapr/subscribe, or Subscription resources',
    },
    ['code'],
    /\.post\(\s*["'`]\/dapr\/subscribe/i,
  ),
  lineRule(
    {
      id: 'job-callback',
      severity: 'error',
      why: 'Dapr calls POST /job/<name>, and the body is the data itself',
      fix: 'POST /job/{name}; read the body, not body["data"]',
    },
    ['code'],
    /["'`]\/api\/jobs\/trigger|job_data\[["']data["']\]/,
  ),
  lineRule(
    {
      id: 'jobs-alpha',
      severity: 'warning',
      why: 'deprecated since Dapr 1.18; a second POST of the same name answers 409 without overwrite',
      fix: '/v1.0/jobs/<name> with "overwrite": true and a failurePolicy',
    },
    ['code', 'shell', 'prose'],
    /v1\.0-alpha1\/jobs/,
  ),
  lineRule(
    {
      id: 'binding-route',
      severity: 'error',
      why: 'Dapr posts to /<component name>, unless metadata route says another',
      fix: 'serve /<component name>, or add {name: route, value: /bindings/…}',
    },
    ['code'],
    /\.post\(\s*["'`]\/bindings\//,
  ),
  lineRule(
    {
      id: 'reply-status',
      severity: 'error',
      why: 'an unknown status is a failure: the event comes again for ever',
      fix: '{"status": "SUCCESS"}, RETRY or DROP',
    },
    ['code'],
    /return\s*\{\s*["']status["']\s*:\s*["'](?!SUCCESS["']|RETRY["']|DROP["'])([A-Za-z_]+)["']/,
  ),
  lineRule(
    {
      id: 'event-type-of-envelope',
      severity: 'error',
      why: 'Dapr wraps plain JSON in a CloudEvent: the field is in event["data"], so the handler never matches',
      fix: 'publish application/cloudevents+json and match event["type"]',
    },
    ['code'],
    /\bevent(\.get\(|\[)["'](event_type|task_id|user_id)["']/,
  ),
  {
    id: 'publish-error-swallowed',
    severity: 'error',
    why: 'nothing publishes it again: the event is lost, though the change is kept',
    fix: 'an outbox: write the event in the transaction of the change, publish from there',
    find: ({ language, lines, start }) =>
      language !== 'code'
        ? []
        : lines.flatMap((line, i) => {
            const body = lines.slice(i + 1, i + 5).join('\n')
            const swallowed = /^\s*(except\b.*:|.*\bcatch\b.*\{)\s*$/.test(line)
            return swallowed && /(log|print)[^\n]*publish/i.test(body) && !/^\s*(raise|throw)\b/m.test(body)
              ? [{ line: start + i, column: line.search(/\S/) + 1, message: line.trim() }]
              : []
          }),
  },
  lineRule(
    {
      id: 'publish-after-commit',
      severity: 'error',
      why: 'a crash between the two loses the event; work after the answer is lost with the process',
      fix: 'an outbox in the same transaction',
    },
    ['code'],
    /background_tasks\.add_task|BackgroundTasks\b/,
  ),
  lineRule(
    {
      id: 'dedupe-in-memory',
      severity: 'error',
      why: 'forgotten with the process, and not shared between replicas',
      fix: 'the event’s id in a table, inserted in the transaction of the effect',
    },
    ['code'],
    /\b(processed|seen|handled)_?(events|ids)\w*\s*=\s*(set\(\)|\{\}|\[\]|new Set)/i,
  ),
  lineRule(
    {
      id: 'month-of-30-days',
      severity: 'error',
      why: 'months differ, and so do days when clocks change',
      fix: 'RFC 5545: FREQ=MONTHLY on the wall clock of the person’s zone',
    },
    ['code'],
    /timedelta\(\s*days\s*=\s*3[01]\s*\)|month.*30 \* 24/,
  ),
  lineRule(
    {
      id: 'time-without-zone',
      severity: 'warning',
      why: 'it has no offset: readers take it for their own zone',
      fix: 'datetime.now(timezone.utc).isoformat()',
    },
    ['code'],
    /datetime\.utcnow\(\)/,
  ),
  lineRule(
    {
      id: 'recurrence-moving-start',
      severity: 'error',
      why: 'with a start that moves with each occurrence COUNT never ends, and the next one may be skipped',
      fix: 'keep the series’ own dtstart and an index of occurrences',
    },
    ['code'],
    /rrulestr\(.*dtstart\s*=.*(due|last|current)/,
  ),
  {
    id: 'undefined-helper',
    severity: 'warning',
    why: 'it is called and neither defined nor imported here',
    fix: 'define or import it',
    find: ({ language, lines, start }) => {
      if (language !== 'code') return []
      const text = lines.join('\n')
      return lines.flatMap((line, i) => {
        const match = /(?:await |\{|= ?)(publish_event|get_service_token|get_task)\(/.exec(line)
        const name = match?.[1]
        const known = name && new RegExp(`(def|import|function|const)\\b[^\\n]*\\b${name}\\b`).test(text)
        return name && !known ? [{ line: start + i, column: line.indexOf(name) + 1, message: `${name}()` }] : []
      })
    },
  },
  {
    id: 'schema-refuses-own-events',
    severity: 'warning',
    why: 'what the publishers send is refused: null for a cleared date, a source with digits, an id that is no UUID, the keyword example',
    fix: 'allow null where a field can be cleared; any text of 1 to 128 characters as id; tep schema types shows those of the platform',
    find: ({ language, lines, start }) => {
      const text = lines.join('\n')
      if (language !== 'json' || !/"\$schema"/.test(text) || !/"specversion"/.test(text)) return []
      return lines.flatMap((line, i) =>
        /"pattern": "\^\/tasks\/\[a-z-\]\+\$"|"(due_date|due_at)": \{ ?"type": "string"|"example":|"id": \{[^}]*"format": "uuid"/.test(
          line,
        )
          ? [{ line: start + i, column: line.search(/\S/) + 1, message: line.trim() }]
          : [],
      )
    },
  },
]
