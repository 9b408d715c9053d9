import { platformSchema } from '../../src/contracts/platform/schema.ts'
import { type FieldSchema, missingFields } from '../crd/missing-fields.ts'
import { servedSchema } from '../crd/served.ts'
import { LEASE_NAME } from '../metrics.ts'
import { type CommandContext, CommandError } from './command.ts'
import { waitFor } from './patience.ts'

const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }

export interface CheckOptions {
  leaseNamespace: string
  /** Address of the controller's Service. */
  address: string
  seconds: number
}

/**
 * What `helm test` asks of an operator that was just installed: its CRD is served whole, one pod leads, and the Service answers.
 * @throws CommandError TEP5303 with the first of these that does not hold in time
 */
export async function check(
  context: CommandContext,
  { leaseNamespace, address, seconds }: CheckOptions,
): Promise<void> {
  const { client, clock, transport, say } = context
  let leader = ''
  const looks: [what: string, look: () => Promise<string | undefined>][] = [
    [
      'the CRD is served as this operator knows it',
      async () => {
        const lacks = missingFields(platformSchema as FieldSchema, await servedSchema(transport))
        return lacks.length > 0 ? `the CRD lacks ${lacks.slice(0, 3).join(', ')}` : undefined
      },
    ],
    [
      'a pod leads',
      async () => {
        const lease = await client.get(LEASE, leaseNamespace, LEASE_NAME)
        const { holderIdentity = '', renewTime = '', leaseDurationSeconds = 0 } = lease?.['spec'] ?? {}
        const age = clock.now() - Date.parse(renewTime)
        leader = holderIdentity
        return holderIdentity && age < leaseDurationSeconds * 1_000 ? undefined : `nobody holds the Lease ${LEASE_NAME}`
      },
    ],
    ['its Service answers, and every kind was listed', () => unready(`${address}/healthz/ready`)],
    ['its watches hear the API server', () => unready(`${address}/healthz/watches`)],
  ]
  for (const [what, look] of looks) {
    const missing = await waitFor(clock, seconds, () => look().catch((error: Error) => error.message))
    if (missing) throw new CommandError('TEP5303', `not so: ${what}: ${missing}`)
    say(`ok: ${what}${what === 'a pod leads' ? ` (${leader})` : ''}`)
  }
}

async function unready(url: string): Promise<string | undefined> {
  const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(5_000) })
  const text = (await answer.text()).trim()
  return answer.ok ? undefined : `${url} answers ${answer.status} (${text})`
}
