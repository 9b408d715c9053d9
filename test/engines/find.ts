/** Where an engine is: on PATH, in the cache, among what the cluster's scripts built. Looks, and builds nothing. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import {
  BUNDLES,
  type BundleName,
  clusterFolder,
  DAPR_VERSION,
  ETCD_VERSION,
  KAFKA_VERSION,
  KUBERNETES_VERSION,
} from './bundles.ts'

export const ENGINES = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kubectl',
  'daprd',
  'scheduler',
  'helm',
  'kafka',
  'lua',
  'kube-score',
  'kubeconform',
] as const
export type EngineName = (typeof ENGINES)[number]

export interface Engine {
  name: EngineName
  /** The program, and the arguments that come before all others (the part of a binary that holds many). */
  command: string
  prefix: readonly string[]
  origin: 'PATH' | 'cache' | 'cluster scripts'
}

interface Described {
  bundle: BundleName
  /** How it tells its version, and what has to be in that: recorded answers hold for one minor version. */
  version?: { args: readonly string[]; includes: string }
  /** The candidates after PATH, best first. */
  inCache(folder: string): { command: string; prefix: readonly string[] }
  ofCluster?: () => { command: string; prefix: readonly string[] }[]
}

const minor = (version: string): string => version.split('.').slice(0, 2).join('.')

const kubernetes = (name: EngineName, args: string[], includes: string): Described => ({
  bundle: 'kubernetes',
  version: { args, includes },
  inCache: folder => ({ command: join(folder, 'kubernetes'), prefix: [name] }),
  // The scripts' binary holds no kubectl.
  ofCluster: () => (name === 'kubectl' ? [] : [{ command: join(clusterFolder, 'bin', 'kubelite'), prefix: [name] }]),
})

const dapr = (name: EngineName): Described => ({
  bundle: 'dapr',
  version: { args: ['--version'], includes: DAPR_VERSION },
  inCache: folder => ({ command: join(folder, name), prefix: [] }),
  ofCluster: () =>
    globSync(join(clusterFolder, 'dapr', 'bin-*', name)).map(command => ({ command, prefix: [] as string[] })),
})

const DESCRIBED: Readonly<Record<EngineName, Described>> = {
  etcd: kubernetes('etcd', ['--version'], `etcd Version: ${minor(ETCD_VERSION)}.`),
  'kube-apiserver': kubernetes('kube-apiserver', ['--version'], `v${minor(KUBERNETES_VERSION)}.`),
  'kube-controller-manager': kubernetes('kube-controller-manager', ['--version'], `v${minor(KUBERNETES_VERSION)}.`),
  kubectl: kubernetes('kubectl', ['version', '--client'], `v${minor(KUBERNETES_VERSION)}.`),
  daprd: dapr('daprd'),
  scheduler: dapr('scheduler'),
  helm: {
    bundle: 'helm',
    inCache: folder => ({ command: join(folder, 'helm'), prefix: [] }),
    ofCluster: () =>
      globSync(join(clusterFolder, 'tools', '*', 'helm')).map(command => ({ command, prefix: [] as string[] })),
  },
  lua: { bundle: 'lua', inCache: folder => ({ command: join(folder, 'glua'), prefix: [] }) },
  kubeconform: { bundle: 'kubeconform', inCache: folder => ({ command: join(folder, 'kubeconform'), prefix: [] }) },
  'kube-score': { bundle: 'kube-score', inCache: folder => ({ command: join(folder, 'kube-score'), prefix: [] }) },
  kafka: {
    bundle: 'kafka',
    inCache: folder => ({ command: 'java', prefix: ['-cp', join(folder, 'libs', '*')] }),
  },
}

/** The first program of that name on PATH. */
export function onPath(program: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map(folder => join(folder, program))
    .find(file => existsSync(file) && statSync(file).isFile())
}

/** False when the program cannot be started, or says another version than the one pinned here. */
function hasVersion(command: string, prefix: readonly string[], wanted: Described['version']): boolean {
  if (!wanted) return true
  try {
    const said = execFileSync(command, [...prefix, ...wanted.args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 20_000,
    })
    return said.includes(wanted.includes)
  } catch {
    return false
  }
}

/** Kafka is no program but a folder of jars; a distribution on PATH has them beside its scripts. */
function kafkaOnPath(): Engine | undefined {
  const script = onPath('kafka-server-start.sh')
  const libs = script && join(script, '..', '..', 'libs')
  return libs && existsSync(join(libs, `kafka_2.13-${KAFKA_VERSION}.jar`))
    ? { name: 'kafka', command: 'java', prefix: ['-cp', join(libs, '*')], origin: 'PATH' }
    : undefined
}

const found = new Map<EngineName, Engine | undefined>()

/** The engine, or `undefined` when this machine has none of the right version (`make engines` gets it). */
export function findEngine(name: EngineName): Engine | undefined {
  if (!found.has(name)) found.set(name, look(name))
  return found.get(name)
}

/** After something was built. */
export const forgetFound = (): void => found.clear()

function look(name: EngineName): Engine | undefined {
  const described = DESCRIBED[name]
  const named = process.env[name.toUpperCase().replaceAll('-', '_')]
  const path = named || onPath(name)
  if (path && name !== 'kafka' && hasVersion(path, [], described.version))
    return { name, command: path, prefix: [], origin: 'PATH' }
  if (name === 'kafka') {
    const distribution = onPath('java') ? kafkaOnPath() : undefined
    if (distribution) return distribution
  }
  const { folder } = BUNDLES.find(bundle => bundle.name === described.bundle)!
  const cached = described.inCache(folder)
  if (existsSync(folder) && (name !== 'kafka' || onPath('java'))) return { name, ...cached, origin: 'cache' }
  for (const candidate of described.ofCluster?.() ?? [])
    if (existsSync(candidate.command) && hasVersion(candidate.command, candidate.prefix, described.version))
      return { name, ...candidate, origin: 'cluster scripts' }
  return undefined
}

export const bundleOf = (name: EngineName): BundleName => DESCRIBED[name].bundle

/** Those of a suite's engines that are not on this machine. */
export const missingEngines = (names: readonly EngineName[]): EngineName[] => names.filter(name => !findEngine(name))

/** The engine; throws with the way out when there is none. */
export function engine(name: EngineName): Engine {
  const it = findEngine(name)
  if (!it) throw new Error(`${name} is not on this machine: make engines gets it`)
  return it
}
