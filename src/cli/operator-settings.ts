import type { Command } from 'commander'
import type { OperatorSettings } from '../../controller/platform/facts.ts'
import { CANARY_SECONDS } from '../contracts/flow.ts'

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
    .option('--operator-url <url>', 'where services reach the operator; default: the chart’s Service in its namespace')

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
  url: operatorUrl ?? `http://todo-event-platform.${operatorNamespace}.svc:8080`,
})
