import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { call } from '../kit/api.ts'
import { Problem } from '../ui/loaded.tsx'

/** One use of a tool, as the server tells it. */
export interface ToolCall {
  tool: string
  arguments: Record<string, unknown>
  result?: unknown
  error?: string
  needs_confirmation?: { token: string; summary: string }
}

interface Answer {
  conversation_id?: string
  reply: string
  calls: ToolCall[]
}

interface Said {
  id: number
  from: 'you' | 'assistant'
  text: string
  calls: readonly ToolCall[]
}

const said = signal<readonly Said[]>([])
const thinking = signal(false)
const problem = signal('')
let conversation: string | undefined
let count = 0

const say = (from: Said['from'], text: string, calls: readonly ToolCall[] = []): void => {
  said.value = [...said.value, { id: ++count, from, text, calls }]
}

async function ask(path: string, body: object): Promise<void> {
  thinking.value = true
  problem.value = ''
  try {
    const answer = await call<Answer>(path, { method: 'POST', body })
    conversation = answer.conversation_id ?? conversation
    say('assistant', answer.reply, answer.calls)
  } catch (error) {
    problem.value = (error as Error).message
  } finally {
    thinking.value = false
  }
}

function decide(of: Said, token: string, yes: boolean): void {
  said.value = said.value.map(each =>
    each === of
      ? {
          ...each,
          calls: each.calls.map(({ needs_confirmation: _asked, ...rest }) =>
            _asked?.token === token ? rest : { ...rest, ...(_asked && { needs_confirmation: _asked }) },
          ),
        }
      : each,
  )
  if (yes) void ask('/api/v1/chat/confirm', { token })
  else say('assistant', 'Nothing was done.')
}

const EXAMPLES = ['add buy milk tomorrow at 9', 'what is due today?', 'complete buy milk']

export function Chat() {
  const end = useRef<HTMLDivElement>(null)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => end.current?.scrollIntoView({ block: 'end' }), [said.value.length, thinking.value])
  const submit = (text: string): void => {
    say('you', text)
    void ask('/api/v1/chat', { message: text, ...(conversation && { conversation_id: conversation }) })
  }
  return (
    <div class="chat">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keyboard */}
      <div class="conversation" role="log" aria-label="Conversation" tabIndex={0}>
        {said.value.length === 0 && (
          <div class="empty">
            <p>Ask for what you want done, in your words.</p>
            <p class="tools">
              {EXAMPLES.map(example => (
                <button key={example} type="button" onClick={() => submit(example)}>
                  {example}
                </button>
              ))}
            </p>
          </div>
        )}
        {said.value.map(each => (
          <article key={each.id} class={each.from}>
            <h2 class="visually-hidden">{each.from === 'you' ? 'You' : 'Assistant'}</h2>
            {each.calls.map((used, i) => (
              <Tool key={i} used={used} decide={yes => decide(each, used.needs_confirmation!.token, yes)} />
            ))}
            <p>{each.text}</p>
          </article>
        ))}
        {thinking.value && <p class="quiet">…</p>}
        <div ref={end} />
      </div>
      {problem.value && <Problem text={problem.value} />}
      <form
        class="quick-add"
        onSubmit={event => {
          event.preventDefault()
          const text = input.current!.value.trim()
          // What is typed meanwhile stays until there is an answer.
          if (!text || thinking.value) return
          input.current!.value = ''
          submit(text)
        }}
      >
        <input ref={input} aria-label="Message" autocomplete="off" maxLength={2000} />
        <button type="submit" class="primary" disabled={thinking.value}>
          Send
        </button>
      </form>
    </div>
  )
}

function Tool({ used, decide }: { used: ToolCall; decide(yes: boolean): void }) {
  const asked = used.needs_confirmation
  return (
    <div class={`tool ${used.error ? 'failed' : ''}`}>
      <details>
        <summary>
          <code>{used.tool}</code> {used.error ? 'failed' : asked ? 'asks first' : 'done'}
        </summary>
        <pre>{JSON.stringify(used.arguments, null, 2)}</pre>
        {used.result !== undefined && <pre>{JSON.stringify(used.result, null, 2)}</pre>}
        {used.error && <p class="problem">{used.error}</p>}
      </details>
      {asked && (
        <fieldset>
          <legend>{asked.summary}</legend>
          <div class="actions">
            <button type="button" class="danger" onClick={() => decide(true)}>
              Do it
            </button>
            <button type="button" onClick={() => decide(false)}>
              No
            </button>
          </div>
        </fieldset>
      )}
    </div>
  )
}
