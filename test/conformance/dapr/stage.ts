/** The two sides on which the rows play: embedded sidecars over the embedded log, and daprd with Kafka and scheduler. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dump } from 'js-yaml'
import { openLog } from '../../../src/local/log/index.ts'
import {
  type Sidecar as EmbeddedSidecar,
  memoryDaprResources,
  openJobScheduler,
  startSidecar as startEmbeddedSidecar,
} from '../../../src/local/sidecar/index.ts'
import { startScheduler, startSidecar } from '../../engines/dapr.ts'
import { startKafka } from '../../engines/kafka.ts'
import { createTopics } from '../../engines/kafka-topics.ts'
import type { RunningEngine } from '../../engines/process.ts'
import { type App, startApp } from './app.ts'
import {
  componentsOf,
  configurationsOf,
  declaredOf,
  fill,
  type Place,
  policies,
  programmaticOf,
  SECRETS,
  topicsOf,
} from './resources.ts'
import type { AppName, JsonObject, Row, SidecarName } from './row.ts'

export interface Stage {
  name: string
  urls: Readonly<Record<SidecarName, string>>
  apps: Readonly<Record<AppName, App>>
  /** How long what should come may take, and how long to see whether more comes. */
  patienceMilliseconds: number
  quietMilliseconds: number
  stop(): Promise<void>
}

type Rows = readonly (readonly [id: string, row: Row])[]

const partitionsOf = (topic: string): number => (topic.startsWith('parts') ? 3 : 1)

/** What differs from most sidecars is asked of sidecars of their own. */
const configurationOf = (appId: SidecarName): string =>
  ({ other: 'traced', closed: 'closed', mostly: 'mostly' })[appId as string] ?? 'conformance'

export const API_TOKEN = 'of-the-api'
export const APP_TOKEN = 'of-the-app'

/** The apps know what to answer before a sidecar asks: bindings are asked for while it starts. */
async function startApps(rows: Rows): Promise<Record<AppName, App>> {
  const apps = {
    orders: await startApp([...programmaticOf(rows), { pubsubname: 'pubsub', topic: 'warm', route: '/warm' }]),
    other: await startApp([]),
    locked: await startApp([]),
  }
  for (const [id, row] of rows)
    for (const [path, answers] of Object.entries(fill(row.answers ?? {}, id)))
      for (const app of Object.values(apps)) app.script(path, answers)
  return apps
}

/** Waits until messages flow, which healthz does not promise. */
async function warm(url: string, app: App): Promise<void> {
  const limit = performance.now() + 60_000
  await fetch(`${url}/v1.0/publish/pubsub/warm`, { method: 'POST', body: '1' })
  while (!app.received.some(({ path }) => path === '/warm')) {
    if (performance.now() > limit) throw new Error(`nothing published at ${url} reached the app within a minute`)
    await sleep(20)
  }
}

export async function startEmbeddedStage(rows: Rows): Promise<Stage> {
  const apps = await startApps(rows)
  const place: Place = {
    app: `http://127.0.0.1:${apps.orders.port}`,
    brokers: 'todo-kafka-bootstrap.default.svc:9092',
    secretStore: { type: 'secretstores.kubernetes', metadata: {} },
  }
  const secrets = Object.entries(SECRETS).map(([name, stringData]) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    stringData,
  }))
  const log = openLog({ file: ':memory:' })
  const cluster = log.cluster('default/todo')
  cluster.start()
  for (const name of topicsOf(rows)) cluster.createTopic({ name, partitions: partitionsOf(name) })
  const jobs = openJobScheduler({ file: ':memory:' })
  const resources = memoryDaprResources([
    ...componentsOf(place),
    ...declaredOf(rows),
    ...secrets,
    policies,
    ...configurationsOf(place),
  ])
  const started: EmbeddedSidecar[] = []
  const urls = await startSidecars(apps, async (appId, appPort, tokens) => {
    const sidecar = await startEmbeddedSidecar({
      appId,
      namespace: 'default',
      podName: `${appId}-0`,
      env: {},
      resources,
      log,
      jobs,
      ...tokens,
      ...(appPort !== undefined && { appPort }),
      configuration: configurationOf(appId),
      resolveApp: () => undefined,
    })
    started.push(sidecar)
    return `http://127.0.0.1:${sidecar.httpPort}`
  })
  return {
    name: 'embedded',
    urls,
    apps,
    patienceMilliseconds: 4_000,
    quietMilliseconds: 350,
    async stop() {
      await Promise.all(started.map(sidecar => sidecar.stop()))
      await log.close()
      await jobs.close()
      await Promise.all(Object.values(apps).map(app => app.close()))
    },
  }
}

/** The sidecars of a stage, ready and warm. `start` answers with the URL of its sidecar. */
async function startSidecars(
  apps: Stage['apps'],
  start: (appId: SidecarName, appPort?: number, tokens?: { apiToken: string; appToken: string }) => Promise<string>,
): Promise<Stage['urls']> {
  const urls = {
    orders: await start('orders', apps.orders.port),
    other: await start('other', apps.other.port),
    locked: await start('locked', apps.locked.port, { apiToken: API_TOKEN, appToken: APP_TOKEN }),
    lone: await start('lone'),
    closed: await start('closed'),
    mostly: await start('mostly'),
  }
  await healthy(urls.orders)
  await warm(urls.orders, apps.orders)
  return urls
}

async function healthy(url: string): Promise<void> {
  const limit = performance.now() + 60_000
  for (;;) {
    const answer = await fetch(`${url}/v1.0/healthz`).catch(() => undefined)
    if (answer?.ok) return
    if (performance.now() > limit) throw new Error(`${url} is not healthy: ${await answer?.text()}`)
    await sleep(50)
  }
}

export async function startEngineStage(rows: Rows, folder: string): Promise<Stage> {
  const kafka = await startKafka({
    folder: join(folder, 'kafka'),
    properties: { 'auto.create.topics.enable': 'false' },
  })
  const scheduler = await startScheduler({ folder: join(folder, 'scheduler') })
  const apps = await startApps(rows)
  const topics = topicsOf(rows)
  for (const count of [1, 3])
    await createTopics(
      kafka.bootstrap,
      topics.filter(name => partitionsOf(name) === count),
      count,
    )
  const secretsFile = join(folder, 'secrets.json')
  writeFileSync(secretsFile, JSON.stringify(SECRETS))
  const place: Place = {
    app: `http://127.0.0.1:${apps.orders.port}`,
    brokers: kafka.bootstrap,
    secretStore: { type: 'secretstores.local.file', metadata: { secretsFile, multiValued: 'true' } },
    nameResolution: {
      component: 'sqlite',
      version: 'v1',
      // Stale after the interval, renewed by the timeout earlier: a busy machine is late by more than the one second of the defaults.
      configuration: { connectionString: join(folder, 'names.db'), updateInterval: '15s', timeout: '10s' },
    },
  }
  const resources = join(folder, 'resources')
  mkdirSync(resources, { recursive: true })
  const all: JsonObject[] = [...componentsOf(place), ...declaredOf(rows), policies]
  for (const [index, object] of all.entries()) writeFileSync(join(resources, `${index}.yaml`), dump(object))
  const fileOf = (name: string) => join(folder, `${name}.yaml`)
  for (const each of configurationsOf(place))
    writeFileSync(fileOf((each['metadata'] as { name: string }).name), dump(each))
  const engines: RunningEngine[] = [kafka, scheduler]
  const urls = await startSidecars(apps, async (appId, appPort, tokens) => {
    const sidecar = await startSidecar({
      folder: join(folder, appId),
      appId,
      resources,
      scheduler,
      configuration: fileOf(configurationOf(appId)),
      ...(appPort !== undefined && { appPort }),
      env: {
        NAMESPACE: 'default',
        ...(tokens && { DAPR_API_TOKEN: tokens.apiToken, APP_API_TOKEN: tokens.appToken }),
      },
    })
    engines.unshift(sidecar)
    return sidecar.url
  })
  return {
    name: 'engine',
    urls,
    apps,
    patienceMilliseconds: 15_000,
    quietMilliseconds: 1_500,
    async stop() {
      for (const engine of engines) await engine.stop()
      await Promise.all(Object.values(apps).map(app => app.close()))
    },
  }
}
