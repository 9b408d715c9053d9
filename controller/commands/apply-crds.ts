import { crdOf, RELEASE_ANNOTATION } from '../../src/contracts/platform/crd.ts'
import { type FieldSchema, missingFields } from '../crd/missing-fields.ts'
import { servedSchema } from '../crd/served.ts'
import { isKubeError } from '../kube/errors.ts'
import { conditionOf, type KubeObject } from '../kube/objects.ts'
import { isNewerRelease } from '../platform/versions.ts'
import { type CommandContext, CommandError } from './command.ts'
import { waitFor } from './patience.ts'

const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }
export const CRD_MANAGER = 'todo-event-platform-crds'

/**
 * Applies the CRD this operator was built with and waits until it is served: Helm installs `crds/` once and never touches
 * them again (https://helm.sh/docs/chart_best_practices/custom_resource_definitions/). A CRD of a newer release stays, for
 * without its fields the API server would drop them from every object it writes.
 * @throws CommandError TEP5302 when it is not served in time; KubeError when it may not be written
 */
export async function applyCrds(context: CommandContext, { seconds }: { seconds: number }): Promise<void> {
  const { client, clock, transport, version, say } = context
  const wanted = crdOf(version) as unknown as KubeObject
  const { name } = wanted.metadata
  const live = await client.get(CRD, undefined, name)
  const release = live?.metadata.annotations?.[RELEASE_ANNOTATION]
  if (release && isNewerRelease(release, version)) {
    say(`${name} is of release ${release}, newer than ${version}: left as it is`)
    return
  }
  await client.apply(wanted, { fieldManager: CRD_MANAGER, force: true, reason: live ? 'CRDUpgraded' : 'CRDInstalled' })
  const [{ schema }] = wanted['spec'].versions as [{ schema: { openAPIV3Schema: FieldSchema } }]
  const missing = await waitFor(clock, seconds, async () => {
    const now = await client.get(CRD, undefined, name)
    if (now && conditionOf(now, 'NamesAccepted')?.status === 'False')
      return `its names are taken: ${conditionOf(now, 'NamesAccepted')!.message}`
    if (!now || conditionOf(now, 'Established')?.status !== 'True') return 'it is not established'
    try {
      const lacks = missingFields(schema.openAPIV3Schema, await servedSchema(transport))
      return lacks.length > 0 ? `${lacks.slice(0, 3).join(', ')} is not served yet` : undefined
    } catch (error) {
      if (isKubeError(error, 'NotFound', 'Unavailable')) return error.message
      throw error
    }
  })
  if (missing) throw new CommandError('TEP5302', `${name} was applied, but after ${seconds} s ${missing}`)
  say(`${name} ${live ? 'upgraded' : 'installed'}: release ${version} is served`)
}
