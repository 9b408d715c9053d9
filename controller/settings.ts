import { Command, InvalidArgumentError, Option } from 'commander'
import { CANARY_SECONDS } from '../src/contracts/flow.ts'

export interface Settings {
  version: string
  servicesImage: string
  daprNamespace: string
  /** Namespaces served; empty: all. */
  namespaces: string[]
  leaseNamespace: string
  healthHost: string
  healthPort: number
  leaderElection: boolean
  /** How pods are asked whether events reach them. */
  probe: Probe
  /** Seconds from one canary event to the next. */
  canarySeconds: number
  /** Canaries that must have stayed away before the pod of a lost consumer is restarted; 0: none is. */
  healAfterCanaries: number
  /** Where the services reach this operator; empty: nowhere. */
  url: string
}

/** Straight to the pod, through the API server, or not at all. */
export const PROBES = ['direct', 'apiserver', 'none'] as const
export type Probe = (typeof PROBES)[number]

/** Flags and environment of the controller; a wrong one is told in one line by commander (exit code 1). */
export function parseSettings(argv: string[], version: string): Settings {
  const command = new Command('todo-event-platform')
    .description('Reconciles TodoEventPlatforms.')
    .version(version)
    .addOption(
      new Option('--services-image <image>', 'image of the services, without tag')
        .env('SERVICES_IMAGE')
        .default('ghcr.io/todo-event-platform/services'),
    )
    .addOption(
      new Option('--dapr-namespace <name>', 'namespace of Dapr’s control plane, for network policies')
        .env('DAPR_NAMESPACE')
        .default('dapr-system'),
    )
    .addOption(
      new Option('--namespaces <names>', 'namespaces to serve, by comma; empty: all')
        .env('WATCH_NAMESPACES')
        .default(''),
    )
    .addOption(
      new Option('--lease-namespace <name>', 'namespace of the leader election Lease')
        .env('POD_NAMESPACE')
        .default('todo-system'),
    )
    .addOption(new Option('--host <address>', 'address of the probes and metrics').env('HOST').default('0.0.0.0'))
    .addOption(
      new Option('--port <port>', 'port of the probes and metrics').env('PORT').default(8080).argParser(Number),
    )
    .addOption(
      new Option('--probe <way>', 'how pods are asked whether events reach them')
        .env('PROBE')
        .choices(PROBES)
        .default('direct'),
    )
    .addOption(
      new Option('--canary-seconds <seconds>', 'seconds from one canary event to the next')
        .env('CANARY_SECONDS')
        .default(CANARY_SECONDS)
        .argParser(wholeSeconds),
    )
    .addOption(
      new Option(
        '--heal-after-canaries <count>',
        'canaries after which a pod whose consumer is lost is restarted; 0: never',
      )
        .env('HEAL_AFTER_CANARIES')
        .default(HEAL_AFTER_CANARIES)
        .argParser(count),
    )
    .addOption(
      new Option('--url <url>', 'where the services reach this operator, for the console')
        .env('OPERATOR_URL')
        .default(''),
    )
    .addOption(new Option('--no-leader-election', 'do not compete for the Lease'))
    .parse(argv)
  const options = command.opts<{
    servicesImage: string
    daprNamespace: string
    namespaces: string
    leaseNamespace: string
    host: string
    port: number
    leaderElection: boolean
    probe: Probe
    canarySeconds: number
    healAfterCanaries: number
    url: string
  }>()
  return {
    version,
    servicesImage: options.servicesImage,
    daprNamespace: options.daprNamespace,
    namespaces: options.namespaces.split(',').filter(Boolean),
    leaseNamespace: options.leaseNamespace,
    healthHost: options.host,
    healthPort: options.port,
    leaderElection: options.leaderElection,
    probe: options.probe,
    canarySeconds: options.canarySeconds,
    healAfterCanaries: options.healAfterCanaries,
    url: options.url,
  }
}

/** A hindrance is told after about four canaries: what is mended by itself has been by then. */
const HEAL_AFTER_CANARIES = 6

function count(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 0 && number <= 1_000) return number
  throw new InvalidArgumentError('use 0 to 1000.')
}

function wholeSeconds(text: string): number {
  const seconds = Number(text)
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 3_600) return seconds
  throw new InvalidArgumentError('use 1 to 3600.')
}
