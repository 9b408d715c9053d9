/** What a message asks for, where no model reads it. */
export type Intent =
  | { kind: 'tool'; tool: string; arguments: Record<string, unknown> }
  | { kind: 'confirm' }
  | { kind: 'cancel' }
  | { kind: 'help' }

type Groups = Readonly<Record<string, string | undefined>>

interface Phrase {
  pattern: RegExp
  intent(groups: Groups): Intent
}

const tool =
  (name: string, input: (groups: Groups) => Record<string, unknown>) =>
  (groups: Groups): Intent => ({
    kind: 'tool',
    tool: name,
    arguments: input(groups),
  })
const only = (kind: 'confirm' | 'cancel' | 'help') => (): Intent => ({ kind })

/** A title as people refer to it: without quotes and "the task". */
const reference = (words = ''): string =>
  words
    .trim()
    .replace(/^(?:the\s+)?(?:task|todo|reminder)\s+(?:for\s+|of\s+)?/i, '')
    .replace(/^["'“”„‘]+|["'“”‘’]+$/g, '')
    .trim()

const task = ({ task: words }: Groups) => ({ task: reference(words) })

const VIEWS: Readonly<Record<string, string>> = { late: 'overdue', next: 'upcoming', soon: 'upcoming' }
const UNIT_MINUTES: Readonly<Record<string, number>> = { m: 1, h: 60, d: 1_440, w: 10_080 }
const FILLERS =
  "(?:(?:what|what's|whats|what’s|is|are|do|i|have|show|me|list|my|the|all|tasks?|todos?|things|due|for|on|agenda|anything|coming|up|to|which|left|still|open|there)\\s+)*"

/** In this order: the first that fits is meant. */
const PHRASES: readonly Phrase[] = [
  { pattern: /^(?:y|yes|yep|yeah|ok|okay|sure|confirm|do it|go ahead)(?:,? please)?$/i, intent: only('confirm') },
  { pattern: /^(?:n|no|nope|cancel|never ?mind|stop|don['’]t)$/i, intent: only('cancel') },
  { pattern: /^(?:help|what can you do|hi|hello)$/i, intent: only('help') },
  {
    pattern: new RegExp(
      `^${FILLERS}(?<view>today|overdue|late|upcoming|next|soon)(?:\\s+(?:tasks?|todos?|things|agenda))?$`,
      'i',
    ),
    intent: tool('agenda', ({ view }) => ({ view: VIEWS[view!.toLowerCase()] ?? view!.toLowerCase() })),
  },
  { pattern: /^(?:my )?agenda$/i, intent: tool('agenda', () => ({ view: 'today' })) },
  {
    pattern: /^(?:(?:show|list|what are)\s+)?(?:me\s+)?(?:my\s+)?(?:coming\s+|upcoming\s+)?reminders$/i,
    intent: tool('list_reminders', () => ({})),
  },
  {
    pattern:
      /^(?:show|list|what are)(?:\s+me)?(?:\s+all)?(?:\s+my)?(?:\s+open)?\s+(?:tasks|todos)(?:\s+(?:tagged|with tag|with|about)\s+#?(?<tag>\S+))?$/i,
    intent: tool('search_tasks', ({ tag }) => ({ status: 'open', sort: 'due_at', limit: 20, ...(tag ? { tag } : {}) })),
  },
  {
    pattern: /^(?:search|find|look)(?:\s+for)?\s+(?<q>.+)$/i,
    intent: tool('search_tasks', ({ q }) => ({ q: reference(q), limit: 20 })),
  },
  { pattern: /^mark\s+(?<task>.+?)\s+(?:as\s+)?(?:done|completed?|finished)$/i, intent: tool('complete_task', task) },
  {
    pattern:
      /^(?:complete|finish|check off|tick off|done with|done:|i\s+(?:did|finished|completed|have done)|i['’]ve\s+(?:done|finished|completed))\s+(?<task>.+)$/i,
    intent: tool('complete_task', task),
  },
  { pattern: /^(?<task>.+?)\s+is\s+(?:done|finished)$/i, intent: tool('complete_task', task) },
  { pattern: /^(?:reopen|uncheck|untick)\s+(?<task>.+)$/i, intent: tool('reopen_task', task) },
  { pattern: /^(?:delete|remove)\s+(?<task>.+)$/i, intent: tool('delete_task', task) },
  { pattern: /^(?:restore|undelete|bring back)\s+(?<task>.+)$/i, intent: tool('restore_task', task) },
  { pattern: /^skip\s+(?<task>.+)$/i, intent: tool('skip_occurrence', task) },
  {
    pattern:
      /^snooze\s+(?<task>.+?)\s+(?:for\s+|by\s+)?(?<count>\d{1,5}|an?)\s*(?<unit>m|h|d|w)(?:in(?:ute)?s?|(?:ou)?rs?|ays?|eeks?)?$/i,
    intent: tool('snooze_reminder', ({ task: words, count, unit }) => ({
      task: reference(words),
      minutes: (/^an?$/i.test(count!) ? 1 : Number(count)) * UNIT_MINUTES[unit!.toLowerCase()]!,
    })),
  },
  {
    pattern: /^snooze\s+(?<task>.+?)\s+(?:until|till|to)\s+(?<until>.+)$/i,
    intent: tool('snooze_reminder', ({ task: words, until }) => ({ task: reference(words), until })),
  },
  {
    pattern: /^(?:move|reschedule|postpone|shift)\s+(?<task>.+)\s+(?:to|until|till)\s+(?<due>.+)$/i,
    intent: tool('update_task', ({ task: words, due }) => ({ task: reference(words), due })),
  },
  {
    pattern: /^rename\s+(?<task>.+?)\s+to\s+(?<title>.+)$/i,
    intent: tool('update_task', ({ task: words, title }) => ({ task: reference(words), title: reference(title) })),
  },
  {
    pattern:
      /^(?:set|change)\s+(?:the\s+)?priority\s+of\s+(?<task>.+)\s+to\s+(?<priority>none|low|medium|high|urgent)$/i,
    intent: tool('update_task', ({ task: words, priority }) => ({
      task: reference(words),
      priority: priority!.toLowerCase(),
    })),
  },
  { pattern: /^remind\s+me\s+(?<text>.+)$/i, intent: tool('quick_add', ({ text }) => ({ text: `remind me ${text}` })) },
  {
    pattern:
      /^(?:add|create|new|note|i (?:need|have) to|don['’]t forget to)(?:\s+(?:an?\s+)?(?:new\s+)?(?:task|todo))?(?:\s+to(?=\s))?\s*:?\s+(?<text>.+)$/i,
    intent: tool('quick_add', ({ text }) => ({ text: reference(text) })),
  },
]

/** Reads a message by its words alone, the same way each time. */
export function readIntent(message: string): Intent {
  const words = message
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/^(?:please|can you|could you|would you|hey)[, ]+(?:please )?/i, '')
    .replace(/(?:[\s,]+please)?[?.!]*$/i, '')
  for (const { pattern, intent } of PHRASES) {
    const match = pattern.exec(words)
    if (match) return intent(match.groups ?? {})
  }
  return { kind: 'help' }
}
