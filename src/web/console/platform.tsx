import { TOLD_WHEN_TRUE } from '../../contracts/conditions.ts'
import type { ChildView, PartView, PlatformView, StepView } from '../../contracts/platform-view.ts'
import { call } from '../kit/api.ts'
import { momentText } from '../tasks/dates.ts'
import { Show, useLoaded } from '../ui/loaded.tsx'
import { usePolling } from './poll.ts'
import { Pairs, Table } from './table.tsx'

/** The custom resource as its operator sees it: what it is made of, how that is, and what would be written now. */
export function PlatformPage() {
  const view = useLoaded(() => call<PlatformView>('/api/v1/console/platform'))
  usePolling(view.reload, 5_000)
  return (
    <Show of={view}>
      {platform => (
        <>
          <h2>
            {platform.name} <small>{platform.namespace}</small>
          </h2>
          <Versions of={platform} />
          <Conditions of={platform} />
          <h2>Parts</h2>
          <ul class="tree">
            {platform.parts.map(part => (
              <Part key={part.part} part={part} />
            ))}
          </ul>
          <h2>{platform.suspended ? 'Withheld while suspended' : 'Plan'}</h2>
          <Plan steps={platform.plan} />
        </>
      )}
    </Show>
  )
}

function Versions({
  of: { versions, generation, observed_generation: observed, suspended, deleting },
}: {
  of: PlatformView
}) {
  const { operator, services, oldest, kafka, crd_lacks: lacks } = versions
  const rows: [string, string, boolean?][] = [
    ['Services', services],
    ['Operator', `${operator}, runs services from ${oldest} on`],
    ...(kafka ? [['Kafka', kafka] as [string, string]] : []),
    ['Spec', observed === generation ? `generation ${generation}, seen` : `generation ${generation}, not seen yet`],
    ...(lacks?.length ? [['CRD', `lacks ${lacks.join(', ')}`, true] as [string, string, boolean]] : []),
    ...(suspended ? [['Suspended', 'nothing is written', true] as [string, string, boolean]] : []),
    ...(deleting ? [['Deleting', 'it is being taken down', true] as [string, string, boolean]] : []),
  ]
  return <Pairs rows={rows} />
}

const isBad = (type: string, status: string): boolean =>
  TOLD_WHEN_TRUE.includes(type) ? status === 'True' : status === 'False' && type !== 'Progressing'

function Conditions({ of: { conditions } }: { of: PlatformView }) {
  return (
    <Table caption="Conditions" heads={['Condition', 'Status', 'Reason', 'Message', 'Since']}>
      {conditions.map(({ type, status, reason, message, since }) => (
        <tr key={type}>
          <th scope="row">{type}</th>
          <td class={isBad(type, status) ? 'problem' : ''}>{status}</td>
          <td>{reason}</td>
          <td>{message}</td>
          <td>
            <time>{momentText(since)}</time>
          </td>
        </tr>
      ))}
    </Table>
  )
}

function Part({ part: { part, ready, waits_for: waits, children } }: { part: PartView }) {
  const good = children.filter(({ state }) => state === 'ready').length
  const quiet = ready && children.every(({ drift }) => drift.length === 0)
  return (
    <li>
      <details open={!quiet}>
        <summary class={quiet ? '' : 'problem'}>
          <b>{part}</b> {good} of {children.length} ready
          {waits.length > 0 && `, waits for ${waits.join(', ')}`}
        </summary>
        <ul class="branch">
          {children.map(child => (
            <Child key={`${child.kind}/${child.namespace}/${child.name}`} child={child} />
          ))}
        </ul>
      </details>
    </li>
  )
}

function Child({ child: { kind, namespace, name, state, reason, message, drift } }: { child: ChildView }) {
  const why = [reason !== 'Ready' && reason, message].filter(Boolean).join(': ')
  return (
    <li>
      <span class="quiet">{kind}</span> {namespace ? `${namespace}/${name}` : name}{' '}
      <span class={state === 'ready' ? 'quiet' : 'problem'}>{state}</span>
      {state !== 'ready' && why && <small> {why}</small>}
      {drift.length > 0 && <small class="problem"> differs: {drift.join(', ')}</small>}
    </li>
  )
}

function Plan({ steps }: { steps: StepView[] }) {
  if (steps.length === 0) return <p class="empty">Nothing to write: everything is as the spec asks for.</p>
  return (
    <ol class="plan">
      {steps.map(({ action, kind, name, reason, message, fields }) => (
        <li key={`${action} ${kind}/${name}`}>
          <b>{action}</b> {kind} {name} <small>{[reason, message].filter(Boolean).join(': ')}</small>
          {fields.length > 0 && <pre class="scroll">{fields.join('\n')}</pre>}
        </li>
      ))}
    </ol>
  )
}
