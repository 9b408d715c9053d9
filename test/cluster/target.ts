/** Which cluster the end-to-end run takes, and how images and Dapr get there. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { clusterFolder } from '../engines/bundles.ts'
import { engine, onPath } from '../engines/find.ts'
import { root } from '../support/laptop.ts'

export interface Target {
  name: string
  kubeconfig: string
  /** Starts it where it is ours to start. */
  up(): Promise<void>
  load(file: string): Promise<void>
  /** Why Dapr cannot be installed, or nothing. */
  installDapr(): Promise<string | undefined>
  /** The operator of Kafka, whose pods fit into a restricted namespace. @throws when it does not get ready */
  installStrimzi(): Promise<void>
  /** Argo CD with a git server that it reads, or why there is none. */
  installArgoCd(): Promise<ArgoCd | string>
  /** Stops what `up` started. */
  down(): Promise<void>
}

export interface ArgoCd {
  /** What Applications name as `repoURL`. */
  repository: string
  /** Commits what is in the folder, and tells the Applications that read the repository. */
  push(folder: string): Promise<void>
}

/** Scripts that bring up a whole cluster on this machine, beside the repository. */
const SCRIPTS = join(root, '../shared/cluster')
const CLUSTER_SH = join(SCRIPTS, 'cluster.sh')
const ARGOCD_SH = join(SCRIPTS, 'argocd/argocd.sh')
const REPOSITORY = 'todo-event-platform'
/** The scripts' git server takes no chunked requests, which git makes of more than 1 MiB (git-config, http.postBuffer). */
const IN_ONE_PIECE = {
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'http.postBuffer',
  GIT_CONFIG_VALUE_0: String(128 << 20),
}

export function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], env })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code =>
      code === 0 ? resolve() : reject(new Error(`${program} ${args.slice(0, 3).join(' ')} ended with ${code}`)),
    )
  })
}

/** The cluster, or why there is none, as a sentence with the way out. */
export function findTarget(): Target | string {
  const kubeconfig = process.env['KUBECONFIG']
  if (kubeconfig && kubeconfig !== join(clusterFolder, 'kubeconfig/admin')) return named(kubeconfig)
  if (!existsSync(CLUSTER_SH))
    return 'no cluster: set KUBECONFIG to one that may be played with, such as `kind create cluster` makes'
  if (process.getuid?.() !== 0) return 'no cluster: set KUBECONFIG (the scripts beside the repository need root)'
  return ofScripts()
}

const STRIMZI_VERSION = '1.2.0'
/** Pods that the Pod Security Standard *restricted* takes (Strimzi's RestrictedPodSecurityProvider). */
const RESTRICTED = { name: 'STRIMZI_POD_SECURITY_PROVIDER_CLASS', value: 'restricted' }

/** kind and minikube take archives of images; any other cluster by a command of one's own. */
function named(kubeconfig: string): Target | string {
  const kubectl = onPath('kubectl')
  if (!kubectl) return 'no kubectl on PATH'
  const context = execFileSync(kubectl, ['config', 'current-context'], { encoding: 'utf8' }).trim()
  const own = process.env['E2E_LOAD']
  const load = own
    ? (file: string) => run('sh', ['-c', `${own} "$0"`, file])
    : context.startsWith('kind-')
      ? (file: string) => run('kind', ['load', 'image-archive', file, '--name', context.slice('kind-'.length)])
      : context === 'minikube'
        ? (file: string) => run('minikube', ['image', 'load', file])
        : undefined
  if (!load)
    return `images cannot be loaded into ${context}: set E2E_LOAD to a command that takes an image archive as its last argument`
  return {
    name: context,
    kubeconfig,
    async up() {
      if (!answers(kubeconfig))
        throw new Error(`the cluster ${context} does not answer: check KUBECONFIG=${kubeconfig}`)
    },
    load,
    installDapr: async () =>
      onPath('dapr') ? run('dapr', ['init', '-k', '--wait']).then(() => undefined) : 'dapr init -k',
    installStrimzi: () => {
      const { command } = engine('helm')
      const chart = ['oci://quay.io/strimzi-helm/strimzi-kafka-operator', '--version', STRIMZI_VERSION]
      const values = [
        'watchAnyNamespace=true',
        `extraEnvs[0].name=${RESTRICTED.name}`,
        `extraEnvs[0].value=${RESTRICTED.value}`,
      ].flatMap(value => ['--set', value])
      const into = ['--namespace', 'strimzi', '--create-namespace', '--wait', '--timeout', '300s']
      return run(command, ['install', 'strimzi', ...chart, ...into, ...values], {
        ...process.env,
        KUBECONFIG: kubeconfig,
      })
    },
    installArgoCd: async () =>
      'Argo CD needs a git server beside it: both are installed only in the cluster of the scripts beside the repository',
    down: async () => {},
  }
}

function answers(kubeconfig: string): boolean {
  try {
    const env = { ...process.env, KUBECONFIG: kubeconfig }
    execFileSync('kubectl', ['get', '--raw', '/readyz'], { env, stdio: 'ignore', timeout: 10_000 })
    return true
  } catch {
    return false
  }
}

function ofScripts(): Target {
  const kubeconfig = join(clusterFolder, 'kubeconfig/admin')
  const env = { ...process.env, KUBECONFIG: kubeconfig }
  let started = false
  return {
    name: 'the single-node cluster of this machine',
    kubeconfig,
    async up() {
      if (answers(kubeconfig)) return
      started = true
      await run(CLUSTER_SH, ['up'], env)
      await run(join(SCRIPTS, 'dapr/dapr.sh'), ['storage'], env)
    },
    // Pinned, or the kubelet would collect what it cannot pull again.
    load: file => run(CLUSTER_SH, ['ctr', 'images', 'import', '--label', 'io.cri-containerd.pinned=pinned', file], env),
    installDapr: () => run(join(SCRIPTS, 'dapr/dapr.sh'), ['install'], env).then(() => undefined),
    async installStrimzi() {
      await run(join(SCRIPTS, 'strimzi/strimzi.sh'), ['install'], env)
      const operator = ['deployment/strimzi-cluster-operator', '--namespace', 'strimzi']
      const { command, prefix } = engine('kubectl')
      await run(command, [...prefix, 'set', 'env', ...operator, `${RESTRICTED.name}=${RESTRICTED.value}`], env)
      await run(command, [...prefix, 'rollout', 'status', ...operator, '--timeout=300s'], env)
    },
    async installArgoCd() {
      if (!existsSync(ARGOCD_SH)) return 'Argo CD: there is no argocd/argocd.sh among the scripts beside the repository'
      await run(ARGOCD_SH, ['install'], env)
      return {
        repository: `http://git.argocd.svc/${REPOSITORY}.git`,
        push: folder => run(ARGOCD_SH, ['repo', folder, REPOSITORY], { ...env, ...IN_ONE_PIECE }),
      }
    },
    down: async () => (started ? run(CLUSTER_SH, ['down'], env) : undefined),
  }
}
