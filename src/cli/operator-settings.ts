import type { Command } from 'commander'
import type { KubeClient } from '../../controller/kube/client.ts'
import { isKubeError } from '../../controller/kube/errors.ts'
import type { KubeObject } from '../../controller/kube/objects.ts'
import type { OperatorSettings } from '../../controller/platform/facts.ts'
import { CANARY_SECONDS } from '../contracts/flow.ts'

/** What the chart's Deployment and Service of an operator carry, whatever the release is called. */
export const OPERATOR_SELECTOR = 'app.kubernetes.io/name=todo-event-platform,app.kubernetes.io/component=controller'

export interface OperatorOptions {
  servicesImage: string
  operatorVersion: string
  operatorNamespace: string
  daprNamespace: string
  canarySeconds: string
  operatorUrl?: string
}

/** How the operator of the cluster is set: what it renders depends on it. */
export const withOperator = (command: Command, version: string): Command =>
  command
    .option(
      '--services-image <image>',
      'image of the services the operator is set to, without tag',
      'ghcr.io/todo-event-platform/services',
    )
    .option('--operator-version <version>', 'release of the operator in the cluster', version)
    .option('--operator-namespace <name>', 'namespace of the operator', 'todo-system')
    .option('--dapr-namespace <name>', 'namespace of Dapr’s control plane', 'dapr-system')
    .option('--canary-seconds <seconds>', 'what the operator is set to', String(CANARY_SECONDS))
    .option('--operator-url <url>', 'where services reach the operator; default: its Service, found by its labels')

const OPERATOR_PORT = 8080
const SERVICE = { apiVersion: 'v1', kind: 'Service' }
const CHART_NAME = 'todo-event-platform'

/**
 * Where the services reach the operator. The chart names its Service after the release, so it is looked for by its labels: in the
 * operator's namespace, else in all of them that may be read. One that cannot be found is taken for the chart's under the
 * release's usual name.
 */
export async function findOperator(client: KubeClient, options: OperatorOptions): Promise<OperatorOptions> {
  if (options.operatorUrl !== undefined) return options
  const found = (await services(client, options.operatorNamespace))[0] ?? (await services(client, undefined))[0]
  if (!found) return options
  const { name, namespace = options.operatorNamespace } = found.metadata
  const port = found['spec'].ports.find(({ name: port }: { name: string }) => port === 'http')?.port ?? OPERATOR_PORT
  return { ...options, operatorNamespace: namespace, operatorUrl: urlOf(name, namespace, port) }
}

const urlOf = (name: string, namespace: string, port: number): string => `http://${name}.${namespace}.svc:${port}`

/** Services of operators, by name; none where they may not be listed. */
async function services(client: KubeClient, namespace: string | undefined): Promise<KubeObject[]> {
  try {
    const query = { labelSelector: OPERATOR_SELECTOR }
    const { items } = (await client.list(SERVICE, namespace, query, new AbortController().signal)) as {
      items: KubeObject[]
    }
    return items.sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))
  } catch (error) {
    if (isKubeError(error, 'Forbidden', 'NotFound')) return []
    throw error
  }
}

export const operatorSettings = ({
  operatorVersion,
  canarySeconds,
  servicesImage,
  operatorNamespace,
  daprNamespace,
  operatorUrl,
}: OperatorOptions): OperatorSettings => ({
  version: operatorVersion,
  servicesImage,
  operatorNamespace,
  daprNamespace,
  canarySeconds: Number(canarySeconds),
  url: operatorUrl ?? urlOf(CHART_NAME, operatorNamespace, OPERATOR_PORT),
})
