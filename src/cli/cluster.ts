import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import type { Command } from 'commander'
import { KubeClient } from '../../controller/kube/client.ts'
import { isKubeError } from '../../controller/kube/errors.ts'
import { listAll } from '../../controller/kube/list.ts'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { kubeConfigTransport } from '../../controller/kube/transport.ts'
import { KINDS, type Platform } from '../../controller/platform/platform.ts'
import { EXIT, Exit } from './exit.ts'
import { DEFAULT_FOLDER, runningProcess } from './running.ts'
import type { Terminal } from './terminal.ts'

export interface ClusterOptions {
  namespace?: string
  context?: string
  kubeconfig?: string
}

export interface Cluster {
  client: KubeClient
  /** Of `-n`, else of the context, else `default`. */
  namespace: string
  server: string
}

const PAGE = 500
const TIMEOUT_MS = 20_000

/** kubectl's way to say which cluster and namespace. */
export const withCluster = (command: Command): Command =>
  command
    .option('-n, --namespace <name>', 'namespace; default: that of the context')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--kubeconfig <path>', 'kubeconfig; default: $KUBECONFIG, what runs in ./.tep, ~/.kube/config')

const NEXT = 'name one with --kubeconfig or --context, or start one with "tep up"'
const noWay = (why: string): Exit => new Exit('TEP5009', EXIT.usage, `no way to a cluster: ${why}; ${NEXT}`)

/** @throws Exit TEP5009 when there is no such kubeconfig or context */
export function openCluster({ kubeconfig, context, namespace }: ClusterOptions, { env }: Terminal): Cluster {
  const config = new KubeConfig()
  const embedded = join(DEFAULT_FOLDER, 'kubeconfig')
  const file =
    kubeconfig ??
    (!env['KUBECONFIG'] && runningProcess(DEFAULT_FOLDER) !== undefined && existsSync(embedded) ? embedded : undefined)
  try {
    if (file) config.loadFromFile(file)
    else config.loadFromDefault()
  } catch (error) {
    // The parser's words quote the file, which may hold credentials.
    const { code } = error as NodeJS.ErrnoException
    throw noWay(
      `${file ?? env['KUBECONFIG'] ?? 'the kubeconfig'} ${code ? `cannot be read (${code})` : 'is no kubeconfig'}`,
    )
  }
  if (context) {
    const names = config.getContexts().map(({ name }) => name)
    if (!names.includes(context)) throw noWay(`there is no context ${context}; there is ${names.join(', ') || 'none'}`)
    config.setCurrentContext(context)
  }
  const server = config.getCurrentCluster()?.server
  if (!server) throw noWay('the kubeconfig has no current cluster')
  const client = new KubeClient(kubeConfigTransport(config), { timeoutMs: TIMEOUT_MS })
  const home = config.getContextObject(config.getCurrentContext())?.namespace
  return { client, namespace: namespace ?? home ?? 'default', server }
}

/** What a look into the cluster failed with, for people. @throws Exit TEP5009 */
export async function reading<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!isKubeError(error)) throw error
    const next = error.code === 'Unreachable' ? `; ${NEXT}` : ''
    throw new Exit('TEP5009', EXIT.usage, `the cluster cannot be read: ${error.message}${next}`)
  }
}

/** Every object of a kind in a namespace, or in all; none where the kind is absent. */
export async function listOf(
  client: KubeClient,
  kind: { apiVersion: string; kind: string },
  namespace?: string,
): Promise<KubeObject[]> {
  const scope = { kind, ...(namespace && { namespace }) }
  try {
    return (await listAll(client, scope, PAGE, new AbortController().signal)).objects
  } catch (error) {
    if (isKubeError(error, 'KindAbsent', 'NotFound')) return []
    throw error
  }
}

/**
 * The platforms that a verb is about: the one named, or all of the namespace, or of the cluster.
 * @throws Exit TEP5011 when there is none
 */
export async function platformsOf(
  { client, namespace }: Cluster,
  { name, all = false }: { name?: string | undefined; all?: boolean | undefined },
): Promise<Platform[]> {
  const found = (await reading(listOf(client, KINDS.platform, all ? undefined : namespace))) as Platform[]
  const wanted = name ? found.filter(({ metadata }) => metadata.name === name) : found
  if (wanted.length > 0) return wanted
  const where = all ? 'the cluster' : `namespace ${namespace}`
  const next = found.length
    ? `; there is: ${found.map(({ metadata }) => metadata.name).join(', ')}`
    : `; look in every namespace with -A, or apply one: kubectl apply -n ${namespace} -f examples/platform.yaml`
  throw new Exit('TEP5011', EXIT.found, `${where} has no TodoEventPlatform${name ? ` ${name}` : ''}${next}`)
}

/** The one platform that a verb is about. @throws Exit TEP5011 when there is none */
export const onePlatform = async (cluster: Cluster, name?: string): Promise<Platform> =>
  (await platformsOf(cluster, { name }))[0]!
