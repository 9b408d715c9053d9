/** Who else works on an API server without nodes: Strimzi, CloudNativePG, the controller of Deployments, and a kubelet for Jobs. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeObject } from '../../../controller/kube/objects.ts'
import { KINDS } from '../../../controller/platform/platform.ts'
import { OPERATORS, type Operator } from '../../fault/operators.ts'
import { type Api, ApiError } from './api.ts'

const POD = { apiVersion: 'v1', kind: 'Pod' }

/** A pod of a Job is done as soon as it is there; any other stays as it is. */
const kubelet: Operator = async (client, pod) => {
  const ofJob = pod.metadata.ownerReferences?.some(({ kind }) => kind === 'Job')
  if (!ofJob || pod['status']?.phase === 'Succeeded') return 'done'
  const { namespace, name } = pod.metadata
  await client.merge(POD, namespace, name, { status: { phase: 'Succeeded' } }, 'status')
  return 'done'
}

const WORK = [
  ...Object.values(KINDS)
    .filter(({ kind }) => kind !== 'Job' && OPERATORS[kind])
    .map(kind => ({ kind, operator: OPERATORS[kind.kind]! })),
  { kind: POD, operator: kubelet },
]

/** Looks at everything again and again until it is stopped; tells what went wrong beyond what another look mends. */
export class World {
  readonly failures = new Set<string>()
  readonly #api: Api
  #stopped = false
  readonly #running: Promise<void>

  constructor(api: Api) {
    this.#api = api
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    for (; !this.#stopped; await sleep(200))
      for (const { kind, operator } of WORK) {
        const objects = (await this.#api.list(kind).catch(() => [])) as KubeObject[]
        for (const object of objects) await operator(this.#api, object).catch(error => this.#note(object, error))
      }
  }

  #note({ kind, metadata }: KubeObject, error: Error): void {
    // Somebody was quicker, or it has gone: the next look knows.
    if (error instanceof ApiError && [404, 409].includes(error.code)) return
    this.failures.add(`${kind} ${metadata.name}: ${error.message}`)
  }
}
