import { useSignal } from '@preact/signals'
import { call } from '../kit/api.ts'
import { momentText } from '../tasks/dates.ts'
import { Show, useLoaded } from '../ui/loaded.tsx'
import { toast } from '../ui/toast.tsx'
import { shortType } from './events.tsx'
import { Table } from './table.tsx'

interface Entry {
  position: number
  type: string
  subject: string
  occurred_at: string
  changed_fields: string[]
  hash: string
}

interface Verdict {
  entries: number
  intact: boolean
  first_broken_position?: number
  reason?: string
  checkpoints?: { verified: number; signed_until: number }
}

/** What was recorded, and whether it is as it was written. */
export function Audit() {
  const entries = useLoaded(() => call<{ items: Entry[] }>('/api/v1/audit?limit=200'))
  const verdict = useSignal<Verdict | undefined>(undefined)
  const verify = async (): Promise<void> => {
    try {
      verdict.value = await call<Verdict>('/api/v1/audit/verify')
    } catch (error) {
      toast((error as Error).message)
    }
  }
  const { value: result } = verdict
  return (
    <>
      <p class="row">
        <button type="button" class="primary" onClick={verify}>
          Verify the chain
        </button>
        <span role="status" class={result && !result.intact ? 'problem' : ''}>
          {result &&
            (result.intact
              ? `${result.entries} entries are as they were written${result.checkpoints ? `, ${result.checkpoints.verified} signatures fit` : ''}.`
              : `Entry ${result.first_broken_position} is not as it was written: ${result.reason ?? 'it does not follow from the one before'}.`)}
        </span>
      </p>
      <Show of={entries}>
        {({ items }) => (
          <Table caption="Your own entries, oldest first" heads={['Position', 'When', 'What', 'Of', 'Changed', 'Hash']}>
            {items.map(({ position, type, subject, occurred_at: at, changed_fields: fields, hash }) => (
              <tr key={position}>
                <td>{position}</td>
                <td>{momentText(at)}</td>
                <td>{shortType(type)}</td>
                <td>{subject}</td>
                <td>{fields.join(', ')}</td>
                <td>
                  <code>{hash.slice(0, 12)}</code>
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Show>
    </>
  )
}
