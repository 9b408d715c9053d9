/** The health checks of `examples/gitops` inside Argo CD itself: it has to say of each case what `health_test.yaml` says. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { engine } from '../engines/find.ts'
import { root, until } from '../support/laptop.ts'
import type { Round } from './gitops.ts'

const CHECKS = join(root, 'examples/gitops/argocd/resource_customizations')
/** The kinds of Strimzi, whose operators are not in the cluster: nobody else writes their status. */
const CRDS = join(root, '../shared/crds/strimzi')
const KINDS = [
  { check: 'kafka.strimzi.io/KafkaTopic', spec: { partitions: 1, replicas: 1 } },
  { check: 'kafka.strimzi.io/KafkaNodePool', spec: { replicas: 3, roles: ['broker'], storage: { type: 'ephemeral' } } },
]

interface Case {
  status: string
  path: string
  object: KubeObject
}

const yaml = (path: string): KubeObject => load(readFileSync(path, 'utf8')) as KubeObject

/** The cases that a status alone makes. */
function casesOf(check: string, replicas: number): Case[] {
  const folder = join(CHECKS, check)
  const { tests } = load(readFileSync(join(folder, 'health_test.yaml'), 'utf8')) as {
    tests: { healthStatus: { status: string }; inputPath: string }[]
  }
  return tests
    .map(({ healthStatus, inputPath }) => ({
      status: healthStatus.status,
      path: inputPath,
      object: yaml(join(folder, inputPath)),
    }))
    .filter(({ object: { metadata, ...object } }) => {
      const same = object['spec']?.replicas === undefined || object['spec'].replicas === replicas
      return same && object['status'] && !metadata.deletionTimestamp
    })
}

/** The whole of it, as its operator would: client-node has no call for the status of any kind. */
function setStatus(kubeconfig: string, { kind, metadata }: KubeObject, status: object): void {
  const { command, prefix } = engine('kubectl')
  const patch = JSON.stringify([{ op: 'add', path: '/status', value: status }])
  const args = ['patch', kind, metadata.name, '--namespace', metadata.namespace!, '--subresource=status']
  execFileSync(command, [...prefix, ...args, '--type=json', '--patch', patch], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

export async function healthChecks(round: Round): Promise<void> {
  const { cluster, repository, tell } = round
  if (!existsSync(CRDS)) return tell.step(`skipped: health checks of Strimzi’s kinds: no CRDs in ${CRDS}`)
  for (const file of readdirSync(CRDS)) await cluster.apply(yaml(join(CRDS, file)) as never)
  const made = KINDS.map(({ check, spec }) => {
    const healthy = yaml(join(CHECKS, check, 'testdata/healthy.yaml'))
    const { apiVersion, kind } = healthy
    const object = {
      apiVersion,
      kind,
      metadata: { name: 'health', namespace: cluster.namespace },
      spec,
    } as KubeObject
    const name = `health-${kind.toLowerCase()}`
    return {
      name,
      object,
      application: repository.alone(name, cluster.namespace, object),
      cases: casesOf(check, spec.replicas),
    }
  })
  await round.push()
  for (const { application } of made) await cluster.apply(application as never)
  for (const { name, object, cases } of made) {
    const { apiVersion, kind, metadata } = object
    assert(cases.length > 3, `few cases of ${kind} can be made by a status`)
    const live = await until(`${kind} from git`, () => cluster.get(apiVersion, kind, metadata.name))
    for (const { status, path, object: given } of cases) {
      // Generations count from the one the object has.
      const seen = given['status'].observedGeneration
      const shifted = live.metadata.generation + (seen - (given.metadata['generation'] as number))
      const said = { ...given['status'], ...(seen !== undefined && { observedGeneration: shifted }) }
      setStatus(round.kubeconfig, object, said)
      await until(`Argo CD to say ${status} of ${kind} (${path})`, async () => {
        const found = await round.application(name)
        return found?.status?.health?.status === status
      })
    }
    tell.step(`${kind}: Argo CD says what was written down of ${cases.length} cases`)
    await cluster.delete('argoproj.io/v1alpha1', 'Application', name, 'argocd')
    await until(`Application ${name} to go`, async () => !(await round.application(name)))
  }
}
