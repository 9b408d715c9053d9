/** Linters of Kubernetes objects by others: how each is asked, and what of it the chart declines, with why. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findEngine, onPath } from '../engines/find.ts'
import { LAYOUT } from './schemas.ts'

export interface Linter {
  name: string
  /** The program, or the way to it. */
  command: string | { missing: string }
  /** @returns a line for each finding that was not declined; throws when the program itself failed */
  lint(rendered: string, folder: string): string[]
}

/** What kube-score asks for and the chart does not do. */
const NOT_SCORED: Readonly<Record<string, string>> = {
  'container-image-pull-policy': 'tags of releases never move; a node without the registry must still start its pods',
  'deployment-has-host-podantiaffinity': 'topologySpreadConstraints say the same of two pods, and more of three',
}

/** What Polaris asks for and the chart does not do. */
const NOT_AUDITED: Readonly<Record<string, string>> = {
  automountServiceAccountToken: 'every pod of the chart talks to the API server',
  cpuLimitsMissing: 'a limit of CPU throttles an operator that is idle but for moments; all have a request',
  livenessProbeMissing: 'the pod of helm test runs one command to its end',
  metadataAndInstanceMismatched: 'the instance is the release, by which all its objects are found',
  missingNetworkPolicy: 'it looks for a policy that selects by exactly one label of the pod; ours selects by three',
  priorityClassNotSet: 'a class of the cluster, which priorityClassName names',
  pullPolicyNotAlways: 'tags of releases never move; a node without the registry must still start its pods',
  readinessProbeMissing: 'the pod of helm test serves nobody',
  topologySpreadConstraint: 'the pod of helm test is alone',
}

function run(command: string, args: readonly string[], input: string): { out: string; err: string } {
  const { stdout, stderr, error } = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 64 << 20 })
  if (error) throw error
  return { out: stdout, err: stderr }
}

/** What was printed as JSON; a program that could not do its work prints none. */
function json<T>(name: string, { out, err }: { out: string; err: string }): T {
  try {
    return JSON.parse(out) as T
  } catch {
    throw new Error(`${name} said: ${err || out}`)
  }
}

const found = (name: 'kube-score' | 'kubeconform'): Linter['command'] =>
  findEngine(name)?.command ?? { missing: `make engines gets ${name}` }

/** No version of these is a Go module that every proxy serves: they are taken where somebody has installed them. */
function ownProgram(name: 'polaris' | 'kube-linter'): Linter['command'] {
  const variable = name.toUpperCase().replace('-', '_')
  return process.env[variable] || onPath(name) || { missing: `${name} is not on PATH, nor named by ${variable}` }
}

const kubeScore: Linter = {
  name: 'kube-score',
  command: found('kube-score'),
  lint(rendered) {
    // A limit of CPU throttles an operator that is idle but for moments; all have a request.
    const args = [
      'score',
      '--output-format',
      'json',
      '--ignore-container-cpu-limit',
      '--exit-one-on-warning=false',
      '-',
    ]
    interface Scored {
      object_name: string
      checks: { check: { id: string }; grade: number; skipped: boolean; comments: { summary: string }[] | null }[]
    }
    const objects = json<Scored[]>('kube-score', run(this.command as string, args, rendered))
    if (objects.length === 0) throw new Error('kube-score has seen no object')
    return objects.flatMap(({ object_name: object, checks }) =>
      checks
        .filter(({ check: { id }, grade, skipped }) => !skipped && grade < 10 && !(id in NOT_SCORED))
        .map(
          ({ check: { id }, comments }) => `${object}: ${id}: ${comments?.map(({ summary }) => summary).join('; ')}`,
        ),
    )
  },
}

const kubeconform: Linter = {
  name: 'kubeconform',
  command: found('kubeconform'),
  lint(rendered, folder) {
    const args = ['-strict', '-output', 'json', '-verbose', '-schema-location', join(folder, LAYOUT), '-']
    interface Validated {
      resources: { kind: string; name: string; status: string; msg: string }[]
    }
    const { resources } = json<Validated>('kubeconform', run(this.command as string, args, rendered))
    if (resources.length === 0) throw new Error('kubeconform has seen no object')
    return resources
      .filter(({ status }) => status !== 'statusValid')
      .map(({ kind, name, status, msg }) => `${kind} ${name}: ${status}: ${msg}`)
  },
}

interface Audited {
  Results?: Record<string, Check> | null
}
interface Check {
  Success: boolean
  Severity: string
  Message: string
}

const polaris: Linter = {
  name: 'polaris',
  command: ownProgram('polaris'),
  lint(rendered, folder) {
    const file = join(folder, 'rendered.yaml')
    writeFileSync(file, rendered)
    const args = ['audit', '--audit-path', file, '--format', 'json']
    const { Results: objects } = json<{
      Results: (Audited & { Kind: string; Name: string; PodResult?: Audited & { ContainerResults?: Audited[] } })[]
    }>('polaris', run(this.command as string, args, ''))
    if (objects.length === 0) throw new Error('polaris has seen no object')
    return objects.flatMap(({ Kind, Name, PodResult, ...object }) =>
      [object, PodResult, ...(PodResult?.ContainerResults ?? [])]
        .flatMap(part => Object.entries(part?.Results ?? {}))
        .filter(([id, { Success, Severity }]) => !Success && Severity !== 'ignore' && !(id in NOT_AUDITED))
        .map(([id, { Message }]) => `${Kind} ${Name}: ${id}: ${Message}`),
    )
  },
}

/** What kube-linter asks for and the chart does not do. */
const NOT_LINTED: Readonly<Record<string, string>> = {
  'no-anti-affinity': 'topologySpreadConstraints say the same of two pods, and more of three',
}

const kubeLinter: Linter = {
  name: 'kube-linter',
  command: ownProgram('kube-linter'),
  lint(rendered, folder) {
    const file = join(folder, 'rendered.yaml')
    writeFileSync(file, rendered)
    interface Report {
      Check: string
      Diagnostic: { Message: string }
      Object: { K8sObject: { Name: string; GroupVersionKind: { Kind: string } } }
    }
    const { Reports: reports, Summary } = json<{ Reports: Report[] | null; Summary: { ChecksStatus: string } }>(
      'kube-linter',
      run(this.command as string, ['lint', '--fail-if-no-objects-found', '--format', 'json', file], ''),
    )
    if (!Summary) throw new Error('kube-linter has seen no object')
    return (reports ?? [])
      .filter(({ Check }) => !(Check in NOT_LINTED))
      .map(({ Check, Diagnostic: { Message }, Object: { K8sObject } }) =>
        [`${K8sObject.GroupVersionKind.Kind} ${K8sObject.Name}`, Check, Message].join(': '),
      )
  },
}

export const LINTERS: readonly Linter[] = [kubeScore, kubeconform, polaris, kubeLinter]
