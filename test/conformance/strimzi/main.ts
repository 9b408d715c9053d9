/**
 * `make conformance`, Kafka resources: the rows against the Strimzi of a cluster (KUBECONFIG). Strimzi's operators cannot be
 * built from package registries; where there is no cluster with them, what they answered stands beside the rows, and the
 * tests hold the embedded operators to it.
 */
import { KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node'
import { type Any, NAMESPACE, type Place } from './row.ts'
import { bringUp, observe, same, TABLES } from './run.ts'

const PATIENCE = { cluster: 600_000, step: 60_000 }
const STRIMZI = 'kafkas.kafka.strimzi.io'

function skip(why: string): never {
  console.log(
    `skipped: Kafka resources against Strimzi: ${why}; make test holds the embedded operators to what Strimzi 1.2.0 answered`,
  )
  process.exit(0)
}

if (!process.env['KUBECONFIG']) skip('KUBECONFIG names no cluster')
const config = new KubeConfig()
config.loadFromDefault()
const api = KubernetesObjectApi.makeApiClient(config)
const absent = (error: unknown): undefined => {
  if ((error as { code?: number }).code === 404) return undefined
  throw error
}
const read = (apiVersion: string, kind: string, name: string, namespace?: string): Promise<Any | undefined> =>
  api.read({ apiVersion, kind, metadata: { name, ...(namespace && { namespace }) } }).catch(absent) as Promise<
    Any | undefined
  >
if (!(await read('apiextensions.k8s.io/v1', 'CustomResourceDefinition', STRIMZI)))
  skip('the cluster of KUBECONFIG has no Strimzi')
if (await read('v1', 'Namespace', NAMESPACE)) {
  console.error(`the namespace ${NAMESPACE} is there already: delete it first (kubectl delete namespace ${NAMESPACE})`)
  process.exit(1)
}

const id = (kind: string, name: string) => ({
  apiVersion: kind === 'Secret' ? 'v1' : 'kafka.strimzi.io/v1',
  kind,
  metadata: { name, namespace: NAMESPACE },
})
const place: Place = {
  create: async object => void (await api.create(object)),
  merge: async (kind, name, patch) =>
    void (await api.patch(
      { ...id(kind, name), ...patch },
      undefined,
      undefined,
      undefined,
      undefined,
      PatchStrategy.MergePatch,
    )),
  get: (kind, name) => read(id(kind, name).apiVersion, kind, name, NAMESPACE),
  delete: async (kind, name) => void (await api.delete(id(kind, name))),
}

let differing = 0
let rows = 0
try {
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
  console.log(`bringing up a Kafka cluster in ${NAMESPACE} (minutes) …`)
  await bringUp(place, PATIENCE)
  for (const [table, all] of Object.entries(TABLES)) {
    for (const row of all) {
      const seen = await observe(place, row, PATIENCE).catch(error => String(error))
      rows++
      if (same(seen, row.expect)) continue
      differing++
      console.log(
        `differs: ${table}: ${row.name} (${row.rule}): Strimzi says ${JSON.stringify(seen)}, the row ${JSON.stringify(row.expect)}`,
      )
    }
    console.log(`${table}: ${all.length} rows`)
  }
} finally {
  await api.delete({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }).catch(absent)
}
console.log(`Kafka resources: ${rows} rows, ${differing} differ`)
process.exit(differing ? 1 : 0)
