/** The controller as the chart runs it, with its ServiceAccount's token, over the lives of all example platforms at once. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { load } from 'js-yaml'
import type { KubeObject } from '../../../controller/kube/objects.ts'
import { KINDS, PLATFORM_LABEL } from '../../../controller/platform/platform.ts'
import { kubeconfig } from '../../../src/local/kube-api/index.ts'
import { CRDS } from '../../../src/local/operators/crds.ts'
import { type ControlPlane, startControlPlane } from '../../engines/kubernetes.ts'
import { freePorts } from '../../engines/ports.ts'
import { type Anything, root, until } from '../../support/laptop.ts'
import {
  examplePlatforms,
  grantedBy,
  OTHERS,
  renderedChart,
  SHARED,
  SHARED_REDPANDA,
  secretsOf,
} from '../../support/rights.ts'
import { Api } from './api.ts'
import { AuditLog, isRefused, rightsOf } from './audit.ts'
import { World } from './world.ts'

const OPERATOR_NAMESPACE = 'todo-system'
const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
/** What `examples/everything.yaml` names. */
const PRIORITY_CLASS = {
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name: 'business' },
  value: 1_000,
} as unknown as KubeObject
/** The controller has asked for no change for so long: it is done. */
const QUIET_MS = 6_000
const LONGEST_SECONDS = 300

/** Of kube-controller-manager: Jobs run by themselves, what is deleted takes its own along, namespaces end. */
const CONTROLLERS = ['job-controller', 'garbage-collector-controller', 'namespace-controller'] as const

export interface Rights {
  requests: number
  used: number
  granted: number
  missing: string[]
  unused: string[]
  /** What went wrong beside rights: without it nothing was proved. */
  failures: string[]
}

export async function compareRights(folder: string): Promise<Rights> {
  const lives = examplePlatforms().map((example, index) => inNamespace(example, `life-${index}`))
  const served = [...lives.map(({ metadata }) => metadata.namespace!), ...SHARED]
  const chart = renderedChart(OPERATOR_NAMESPACE, '--set-json', `watchNamespaces=${JSON.stringify(served)}`)
  const account = chart.find(({ kind }) => kind === 'ServiceAccount')!.metadata.name
  const user = `system:serviceaccount:${OPERATOR_NAMESPACE}:${account}`
  const audit = new AuditLog(folder, user)
  const plane = await startControlPlane({
    folder,
    controllers: CONTROLLERS,
    apiServerArgs: [
      ...audit.args,
      '--enable-admission-plugins=OwnerReferencesPermissionEnforcement',
      // As Kubernetes 1.30 does it, the oldest that the chart takes: lists are asked for, and not streamed.
      '--feature-gates=WatchList=false',
    ],
  })
  const api = new Api({ ...plane, name: 'engine', patienceMilliseconds: 10_000 })
  await prepare(api, served, chart)
  const world = new World(api)
  const controller = await startController(plane, api, folder, chart, account)
  const extra = new Set<string>()
  try {
    await liveAll(api, lives, audit, async () => {
      for (const right of await askedByAdmission(api, lives[0]!, user)) extra.add(right)
    })
  } finally {
    await controller.stop()
    await world.stop()
    await plane.stop()
  }
  const events = audit.events()
  const used = new Set([...events.flatMap(rightsOf), ...extra])
  const granted = grantedBy(chart)
  return {
    requests: events.length,
    used: used.size,
    granted: granted.size,
    missing: [
      ...new Set([...events.filter(isRefused).flatMap(rightsOf), ...[...used].filter(each => !granted.has(each))]),
    ].sort(),
    unused: [...granted].filter(each => !used.has(each)).sort(),
    failures: [...world.failures],
  }
}

const inNamespace = (example: KubeObject, namespace: string): KubeObject =>
  structuredClone({ ...example, metadata: { ...example.metadata, namespace } })

/** CRDs as their operators publish them where they are at hand, and thin ones of the others. */
function definitions(): KubeObject[] {
  const folder = join(root, '../shared/crds')
  const yaml = (file: string): KubeObject => load(readFileSync(file, 'utf8')) as KubeObject
  let published: KubeObject[] = []
  try {
    published = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.yaml'))
      .map(file => yaml(join(folder, file)))
  } catch {
    console.log(`no published CRDs in ${folder}: thin ones take their place`)
  }
  const names = new Set(published.map(({ metadata }) => metadata.name))
  const ours = readdirSync(join(root, 'crds')).map(file => yaml(join(root, 'crds', file)))
  return [
    ...ours,
    ...published,
    ...[...(CRDS as readonly object[] as KubeObject[]), ...OTHERS].filter(({ metadata }) => !names.has(metadata.name)),
  ]
}

async function prepare(api: Api, served: readonly string[], chart: readonly KubeObject[]): Promise<void> {
  const all = definitions()
  for (const crd of all) await api.apply(crd)
  for (const { spec } of all) {
    const { name } = spec.versions.find((each: Anything) => each.served)
    const kind = { apiVersion: `${spec.group}/${name}`, kind: spec.names.kind }
    await until(`${kind.kind} to be served`, async () => new Api(api.target).serves(kind))
  }
  for (const name of [OPERATOR_NAMESPACE, ...served])
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  for (const object of chart)
    if (['ServiceAccount', 'Role', 'RoleBinding', 'Lease'].includes(object.kind)) await api.apply(object)
  for (const namespace of served) for (const secret of secretsOf(namespace)) await api.create(secret)
  await api.create(SHARED_REDPANDA)
  // Without it admission refuses the pods of who names it.
  await api.create(PRIORITY_CLASS)
}

/** The bundle of the image with the arguments and variables of the chart's Deployment. */
async function startController(
  plane: ControlPlane,
  api: Api,
  folder: string,
  chart: readonly KubeObject[],
  account: string,
): Promise<{ stop(): Promise<void> }> {
  const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/serviceaccounts/${account}/token`
  const { status } = (await api.request('POST', path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 7_200 },
  })) as { status: { token: string } }
  const { url, certificateAuthority } = plane
  const file = join(folder, 'controller.kubeconfig')
  writeFileSync(file, kubeconfig({ url, token: status.token, namespace: OPERATOR_NAMESPACE, certificateAuthority }))
  const [port] = (await freePorts(1)) as [number]
  const { args = [], env } = chart.find(({ kind }) => kind === 'Deployment')!['spec'].template.spec.containers[0]
  const variables = (env as { name: string; value?: string }[]).map(({ name, value }) => [
    name,
    value ?? OPERATOR_NAMESPACE,
  ])
  const log = join(folder, 'controller.log')
  const output = openSync(log, 'a')
  const child = spawn(process.execPath, [join(root, 'dist/controller.mjs'), ...args], {
    env: { ...process.env, ...Object.fromEntries(variables), KUBECONFIG: file, PORT: String(port), HOST: '127.0.0.1' },
    stdio: ['ignore', output, output],
  })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  await until('the controller to be ready', async () => {
    assert(child.exitCode === null, `the controller ended: ${readFileSync(log, 'utf8').slice(-2_000)}`)
    return (await fetch(`http://127.0.0.1:${port}/healthz/ready`)).ok
  })
  return {
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** They come, change, have a pod without a sidecar and lose the Lease, and go. */
async function liveAll(
  api: Api,
  lives: readonly KubeObject[],
  audit: AuditLog,
  whileUp: () => Promise<void>,
): Promise<void> {
  const rest = (): Promise<void> => quiet(audit)
  for (const platform of lives) await api.create(platform)
  await rest()
  await whileUp()
  await fightOverJob(
    api,
    lives.map(({ metadata }) => metadata.namespace!),
  )
  // A label of every child changes.
  for (const { metadata } of lives)
    await api.merge(KINDS.platform, metadata.namespace, metadata.name, { spec: { version: '0.1.1' } })
  await api.delete(LEASE, OPERATOR_NAMESPACE, 'todo-event-platform')
  await rest()
  const { namespace, name } = lives[0]!.metadata
  await api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'missed',
      namespace: namespace!,
      labels: { [PLATFORM_LABEL]: name, 'app.kubernetes.io/component': 'backend' },
      annotations: { 'dapr.io/enabled': 'true' },
    },
    spec: { containers: [{ name: 'backend', image: 'x' }] },
  })
  const missed = async (): Promise<KubeObject | undefined> =>
    api.get({ apiVersion: 'v1', kind: 'Pod' }, namespace, 'missed')
  await until('the pod without a sidecar to be replaced', async () => !(await missed()), LONGEST_SECONDS)
  for (const { metadata } of lives) await api.delete(KINDS.platform, metadata.namespace, metadata.name)
  await until(
    'all platforms to go',
    async () => ((await api.list(KINDS.platform)) as unknown[]).length === 0,
    LONGEST_SECONDS,
  )
}

/** Writes of one value that the controller takes for a fight (controller/kube/fights.ts). */
const FIGHT = 4

/**
 * A finished Job never changes by itself. Somebody who sets a label of it again and again is left alone after a while; another
 * label is still taken back, for which the controller reads what the first one is now.
 */
async function fightOverJob(api: Api, namespaces: readonly string[]): Promise<void> {
  const [job] = (await Promise.all(namespaces.map(each => api.list(KINDS.job, each)))).flat() as KubeObject[]
  assert(job, 'no platform has come as far as its Jobs')
  const { namespace, name, labels = {} } = job.metadata
  const [fought, other] = Object.keys(labels).filter(each => each.startsWith('app.kubernetes.io/')) as [string, string]
  const set = (...names: string[]): Promise<unknown> =>
    api.merge(KINDS.job, namespace, name, {
      metadata: { labels: Object.fromEntries(names.map(label => [label, 'somebody'])) },
    })
  const takenBack = (label: string): Promise<unknown> =>
    until(`the label ${label} of a Job to be taken back`, async () => {
      const live: Anything = await api.get(KINDS.job, namespace, name)
      return live.metadata.labels[label] === labels[label]
    })
  for (let write = 0; write < FIGHT; write++) {
    await set(fought)
    await takenBack(fought)
  }
  await set(fought, other)
  await takenBack(other)
}

/** Waits until the controller writes nothing but its Lease. */
async function quiet(audit: AuditLog): Promise<void> {
  const writes = (): number =>
    audit.events().filter(({ verb, objectRef }) => !/^(get|list|watch)$/.test(verb) && objectRef?.resource !== 'leases')
      .length
  const end = Date.now() + LONGEST_SECONDS * 1_000
  for (let [last, since] = [writes(), Date.now()]; Date.now() - since < QUIET_MS; await sleep(500)) {
    assert(Date.now() < end, 'the controller never comes to rest')
    const now = writes()
    if (now !== last) [last, since] = [now, Date.now()]
  }
}

/** What admission asks the authorizer in the name of who writes, and no log of requests shows: taken away, a child is refused. */
async function askedByAdmission(api: Api, { metadata }: KubeObject, user: string): Promise<string[]> {
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' }
  const { namespace, name } = metadata
  const owner: Anything = await api.get(KINDS.platform, namespace, name)
  const services = (await api.list(KINDS.service, namespace)) as KubeObject[]
  const reference = services
    .flatMap(each => each.metadata.ownerReferences ?? [])
    .find(each => each.uid === owner.metadata.uid)
  assert(
    reference?.blockOwnerDeletion,
    'no child blocks the deletion of its platform: nobody needs the right to finalizers',
  )
  const child = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'asked', namespace, ownerReferences: [reference] },
    spec: { ports: [{ port: 1 }] },
  }
  const taken = async (): Promise<number> =>
    api.tryAs(user, 'POST', `${await api.path(KINDS.service, namespace)}?dryRun=All`, child)
  assert.equal(await taken(), 201)
  const [
    {
      metadata: { name: roleName },
      rules,
    },
  ] = (await api.list(role, namespace)) as unknown as [KubeObject & { rules: Anything[] }]
  const without = rules.filter(({ resources }) => !resources.includes('todoeventplatforms/finalizers'))
  await api.merge(role, namespace, roleName, { rules: without })
  await until('the child to be refused', async () => (await taken()) === 403)
  await api.merge(role, namespace, roleName, { rules })
  await until('the child to be taken again', async () => (await taken()) === 201)
  return ['todo.events/todoeventplatforms/finalizers update']
}
