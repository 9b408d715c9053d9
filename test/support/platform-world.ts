import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { KubeClient, type Write } from '../../controller/kube/client.ts'
import { systemClock } from '../../controller/kube/clock.ts'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { systemRandom } from '../../controller/kube/random.ts'
import type { LiveObjects } from '../../controller/platform/changes.ts'
import { KINDS, type Platform } from '../../controller/platform/platform.ts'
import { Reconciler } from '../../controller/platform/reconciler.ts'
import { takeSnapshot } from '../../controller/platform/snapshot.ts'
import type { KubeApi } from '../../src/local/kube-api/index.ts'
import { openKubeApi } from '../../src/local/kube-api/index.ts'
import { installCrds } from '../../src/local/operators/crds.ts'
import { OPERATORS } from '../fault/operators.ts'
import { inProcess } from './in-process.ts'
import { openCrd } from './open-crd.ts'
import { SETTINGS } from './platforms.ts'

const root = join(import.meta.dirname, '../..')
/**
 * A cluster in the small for what happens between two reconciles: the embedded API in memory, the reconciler on a cache
 * that is read anew each time, and operators that do all their work at once. No clock, no watch: every run is the same.
 */
export class PlatformWorld {
  readonly api: KubeApi
  readonly client: KubeClient
  writes: Write[] = []

  private constructor(api: KubeApi) {
    this.api = api
    this.client = new KubeClient(inProcess(api, 'todo-event-platform'), {
      observer: { after: write => void (write.kind.kind !== 'Event' && this.writes.push(write)) },
    })
  }

  static async open(...namespaces: string[]): Promise<PlatformWorld> {
    const world = new PlatformWorld(await openKubeApi({ store: 'memory' }))
    const people = world.api.clientFor('people')
    await installCrds(people)
    const crd = load(readFileSync(join(root, 'crds/todo.events_todoeventplatforms.yaml'), 'utf8')) as KubeObject
    const redpanda = ['Redpanda', 'Topic', 'User'].map(kind =>
      openCrd('cluster.redpanda.com/v1alpha2', kind, `${kind.toLowerCase()}s`),
    )
    for (const each of [crd, ...redpanda]) await people.apply(each as never, { fieldManager: 'people', force: true })
    for (const name of namespaces)
      await people.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } } as never)
    return world
  }

  async platform(namespace = 'todo', name = 'todo'): Promise<Platform> {
    return (await this.client.get(KINDS.platform, namespace, name)) as Platform
  }

  async live(platform: Platform): Promise<LiveObjects> {
    return (await takeSnapshot(this.client, platform, new AbortController().signal)).live
  }

  /** One reconcile. */
  async reconcile(namespace = 'todo', name = 'todo'): Promise<void> {
    const platform = await this.platform(namespace, name)
    const { cache } = await takeSnapshot(this.client, platform, new AbortController().signal)
    cache.upsert(platform)
    const options = {
      client: this.client,
      cache,
      record: () => {},
      settings: SETTINGS,
      clock: systemClock,
      random: systemRandom,
    }
    await new Reconciler(options).reconcile(`${namespace}/${name}`)
  }

  /** Reconciles, and lets every operator do its work, until nobody has anything to do. */
  async settle(namespace = 'todo', name = 'todo'): Promise<void> {
    for (let round = 0; round < 20; round++) {
      const before = this.writes.length
      await this.reconcile(namespace, name)
      const worked = await this.operate(await this.platform(namespace, name))
      if (this.writes.length === before && !worked) return
    }
    throw new Error('the world does not settle')
  }

  /** Every operator looks at its objects until it is done with them; true when something changed. */
  async operate(platform: Platform): Promise<boolean> {
    let worked = false
    for (let again = true; again; worked ||= again) {
      again = false
      for (const object of (await this.live(platform)).values()) {
        const operator = OPERATORS[object.kind] ?? REDPANDA[object.kind]
        const before = object.metadata.resourceVersion
        await operator?.(this.api.clientFor('operators'), object).catch(error => {
          // One operator's word came while another's object was at work: another look is due.
          if (error.code !== 409 && error.code !== 404) throw error
          again = true
        })
        const after = operator && (await this.client.get(object, object.metadata.namespace, object.metadata.name))
        again ||= after !== undefined && after.metadata.resourceVersion !== before
      }
    }
    return worked
  }
}

const synced =
  (type: string) =>
  async (client: KubeApi['client'], object: KubeObject): Promise<unknown> => {
    const { generation } = object.metadata
    const status = {
      observedGeneration: generation,
      conditions: [{ type, status: 'True', reason: 'Done', message: '' }],
    }
    if (JSON.stringify(object['status']) !== JSON.stringify(status))
      await client.replace({ ...object, status } as never, 'status')
    return 'done'
  }

/** Redpanda's operator: a password for each User, and the word that it is done. */
const REDPANDA: Record<string, (client: KubeApi['client'], object: KubeObject) => Promise<unknown>> = {
  Topic: synced('Ready'),
  User: async (client, object) => {
    const { name } = object['spec'].authentication.password.valueFrom.secretKeyRef
    const kind = { apiVersion: 'v1', kind: 'Secret' }
    const data = { password: Buffer.from(`password of ${object.metadata.name}`).toString('base64') }
    if (!(await client.get(kind, object.metadata.namespace, name)))
      await client.create({ ...kind, metadata: { name, namespace: object.metadata.namespace }, data } as never)
    return synced('Synced')(client, object)
  },
}
