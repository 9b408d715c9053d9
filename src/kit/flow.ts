import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { FLOW_PATH, type FlowReport, type SidecarReport } from '../contracts/flow.ts'
import type { Dapr, SidecarMetadata } from './dapr.ts'
import { type Receipts, rememberCanaries } from './receipts.ts'

export interface FlowOptions {
  appId: string
  topics: readonly string[]
  dapr: Pick<Dapr, 'metadata'>
  metrics: Registry
  /** Of the app that publishes. */
  publishing?: () => Pick<FlowReport, 'published' | 'unpublished'>
}

/**
 * Serves what this process knows of the way of events, for the operator, who cannot reach a sidecar: its API listens on the
 * pod's own loopback.
 */
export function serveFlow(app: FastifyInstance, options: FlowOptions): Receipts {
  const { appId, topics, dapr, metrics, publishing } = options
  const receipts = rememberCanaries(topics, metrics)
  app.get(
    FLOW_PATH,
    async (): Promise<FlowReport> => ({
      app: appId,
      received: receipts.list(),
      ...withoutPasswords(publishing?.() ?? {}),
      sidecar: withoutPasswords(await sidecarReport(app, dapr)),
    }),
  )
  return receipts
}

async function sidecarReport(app: FastifyInstance, dapr: Pick<Dapr, 'metadata'>): Promise<SidecarReport> {
  try {
    const { components = [], subscriptions = [], extended = {} } = await dapr.metadata()
    return {
      answers: true,
      components: components.map(({ name }) => name),
      failures: failuresOf(extended),
      subscriptions: subscriptions.map(({ pubsubname, topic, rules = [] }) => ({
        pubsub: pubsubname,
        topic,
        unserved: rules.map(({ path }) => path).filter(url => !app.hasRoute({ method: 'POST', url })),
      })),
    }
  } catch (error) {
    return { answers: false, reason: (error as Error).message }
  }
}

/** Reasons are the words of others, and some of those repeat the address they were given, credentials and all. */
const withoutPasswords = <T>(said: T): T =>
  JSON.parse(JSON.stringify(said).replace(/(:\/\/[^\s:@/"]*:)[^\s@"]+@/g, '$1…@')) as T

/** daprd ends where a component fails; a sidecar that lives on tells of it among its own attributes. */
const FAILURE = 'initError.'

const failuresOf = (extended: NonNullable<SidecarMetadata['extended']>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(extended).flatMap(([key, why]) =>
      key.startsWith(FAILURE) ? [[key.slice(FAILURE.length), why]] : [],
    ),
  )
