/**
 * What Git says and what the cluster holds are the same to Argo CD, whatever the spec: nobody writes into it, and no default
 * of the CRD stands where a diff would see it. The three strategies of argo-cd's gitops-engine (pkg/diff/diff.go).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { load } from 'js-yaml'
import { readJson } from '../../controller/kube/lines.ts'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { KINDS } from '../../controller/platform/platform.ts'
import { merge } from '../../src/local/kube-api/apply/typed.ts'
import { specSchema, valuesOf } from '../support/any-platform.ts'
import { inProcess } from '../support/in-process.ts'
import { PlatformWorld } from '../support/platform-world.ts'
import { anySpec } from '../support/specs.ts'

const COUNT = 500
/** A whole reconcile, with its children, for every so many. */
const RECONCILED = 10
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
const TRACKING = 'argocd.argoproj.io/tracking-id'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const isMap = (value: unknown): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** RFC 7386, as `jsonmergepatch.CreateThreeWayJSONMergePatch` uses it where nothing was taken out of the manifest: lists are replaced as a whole. */
const mergePatched = (live: Json, target: Json): Json =>
  isMap(live) && isMap(target)
    ? {
        ...live,
        ...Object.fromEntries(
          Object.entries(target).map(([key, value]) => [key, mergePatched(live[key] ?? null, value)]),
        ),
      }
    : target

const comparable = ({ metadata, ...object }: KubeObject): object => {
  const { managedFields: _managed, resourceVersion: _version, ...kept } = metadata
  return { ...object, metadata: kept }
}

test(`${COUNT} platforms show no difference to Argo CD, before and after the controller has been at them`, async () => {
  const world = await PlatformWorld.open()
  const argo = world.api.clientFor('argocd-controller')
  const crd = load(
    readFileSync(join(import.meta.dirname, '../../crds/todo.events_todoeventplatforms.yaml'), 'utf8'),
  ) as {
    spec: { versions: { schema: { openAPIV3Schema: object } }[] }
  }
  const schema = crd.spec.versions[0]!.schema.openAPIV3Schema as never
  const specs = fc.sample(fc.oneof(valuesOf(specSchema(), false), anySpec), { numRuns: 20 * COUNT, seed: 7 })
  const transport = inProcess(world.api, 'argocd-controller')
  const dryRun = async (manifest: KubeObject): Promise<KubeObject> => {
    const answer = await transport({
      method: 'PATCH',
      path: `/apis/${manifest.apiVersion}/namespaces/${manifest.metadata.namespace}/todoeventplatforms/todo?dryRun=All&force=true&fieldManager=argocd-controller`,
      contentType: 'application/apply-patch+yaml',
      body: manifest,
    })
    return (await readJson(answer.body)) as KubeObject
  }
  let seen = 0
  let made = 0
  for (const spec of specs) {
    if (seen === COUNT) break
    const namespace = `team-${seen}`
    const manifest = {
      ...KINDS.platform,
      metadata: {
        name: 'todo',
        namespace,
        annotations: { [TRACKING]: `apps:todo.events/TodoEventPlatform:${namespace}/todo` },
      },
      spec,
    } as unknown as KubeObject
    // As Argo CD does with CreateNamespace=true.
    const home = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }
    await argo.apply(home as never, { fieldManager: 'argocd-controller', force: true })
    const annotated = { ...manifest.metadata.annotations, [LAST_APPLIED]: JSON.stringify(manifest) }
    const accepted = await (seen % 2 === 0
      ? argo.apply(manifest as never, { fieldManager: 'argocd-controller', force: true })
      : argo.create({ ...manifest, metadata: { ...manifest.metadata, annotations: annotated } } as never)
    ).catch(refused)
    if (!accepted) continue
    const looks = seen % RECONCILED === 0 ? 2 : 1
    for (let look = 0; look < looks; look++) {
      if (look > 0) await world.reconcile(namespace, 'todo')
      const live = (await world.platform(namespace, 'todo')) as KubeObject
      expect(live['spec']).toEqual(spec)
      expect(mergePatched(live as never, manifest as never)).toEqual(live)
      expect(merge(live as never, manifest as never, schema)).toEqual(live)
      const predicted = await dryRun(manifest)
      expect(comparable(predicted)).toEqual(comparable(live))
    }
    if (looks > 1) {
      const children = [...(await world.live(await world.platform(namespace, 'todo'))).values()]
      made += children.length
      expect(JSON.stringify(children)).not.toContain(TRACKING)
    }
    seen++
  }
  expect(seen).toBe(COUNT)
  expect(made).toBeGreaterThan(COUNT)
}, 120_000)

/** What the rules of the CRD refuse is no platform; nor is a list that names one item twice. */
function refused(error: { code: number; message: string }): undefined {
  if (error.code !== 422 && !error.message.includes('duplicate entries for key')) throw error
}
