/**
 * What a service tells of the events that reach it: `GET /healthz/events` on its app port. The operator reads it of every
 * pod and makes the condition `EventsFlowing` of it. It holds names and times, nothing of any user and no secret.
 */
export const FLOW_PATH = '/healthz/events'

/** A canary goes out on every topic this often, unless the operator's `--canary-seconds` says otherwise. */
export const CANARY_SECONDS = 10

/** The newest canary of one topic that arrived in this process. */
export interface Receipt {
  topic: string
  /** Seconds since it arrived, by the clock of this process alone. */
  secondsAgo: number
  /** Seconds it was on its way: two clocks, so it may be off by what they differ. Never negative. */
  latencySeconds: number
}

/** The last attempt to publish a canary on one topic; only the process that publishes tells of any. */
export interface Publication {
  topic: string
  /** Why the topic did not take it; absent: it did. */
  error?: string
}

/** What the sidecar of this process says about itself (`GET /v1.0/metadata`), in the words of the platform. */
export type SidecarReport =
  | { answers: false; reason: string }
  | {
      answers: true
      /** Names of the components that are loaded. */
      components: string[]
      /** Why a component is not, where the sidecar lives on to tell it. */
      failures: Record<string, string>
      subscriptions: SidecarSubscription[]
    }

export interface SidecarSubscription {
  pubsub: string
  /** With the prefix that a shared Kafka asks for. */
  topic: string
  /** Routes it leads to which the app does not serve: what comes there is lost. */
  unserved: string[]
}

export interface FlowReport {
  app: string
  received: Receipt[]
  /** Absent where this process does not publish. */
  published?: Publication[]
  /** Why the process that should publish cannot. */
  unpublished?: string
  sidecar: SidecarReport
}
