import type { FlowReport } from '../../../src/contracts/flow.ts'
import { FLOW_PATH } from '../../../src/contracts/flow.ts'
import type { KubeClient } from '../../kube/client.ts'

/** A pod as far as a question to it goes. */
export interface PodAddress {
  namespace: string
  name: string
  ip: string
  port: number
}

/** Asks a pod what it knows of the way of events. Rejects with an Error when it does not answer, or not that. */
export type AskPod = (pod: PodAddress, signal: AbortSignal) => Promise<FlowReport>

/** Straight to the pod, as Prometheus does: from inside the cluster, and open in its NetworkPolicy. */
export const askDirectly: AskPod = async ({ ip, port }, signal) => {
  const host = ip.includes(':') ? `[${ip}]` : ip
  const answer = await fetch(`http://${host}:${port}${FLOW_PATH}`, { signal, redirect: 'error' })
  const body = await answer.text()
  if (!answer.ok) throw new Error(`it answers ${answer.status}`)
  return flowReport(JSON.parse(body))
}

/** Through the API server: from anywhere, where the sub-resource `pods/proxy` may be read. */
export const askThroughApiServer =
  (client: Pick<KubeClient, 'getThroughPod'>): AskPod =>
  async ({ namespace, name, port }, signal) =>
    flowReport(await client.getThroughPod(namespace, name, port, FLOW_PATH, signal))

/** A pod of another release may tell less: what is missing is no reason to fail. @throws Error when it is no report at all */
function flowReport(answer: unknown): FlowReport {
  const { app, received, sidecar } = (answer ?? {}) as Partial<FlowReport>
  if (typeof app !== 'string' || !Array.isArray(received) || typeof sidecar?.answers !== 'boolean')
    throw new Error('its answer is no report of events')
  return answer as FlowReport
}
