import fc from 'fast-check'
import { DRAIN_SECONDS } from '../../../src/contracts/shutdown.ts'
import { platformOf, SETTINGS, settledFacts } from '../../../test/support/platforms.ts'
import { violations } from '../../../test/support/pod-security.ts'
import { anySpec } from '../../../test/support/specs.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { effectiveSpec } from '../effective.ts'
import { render } from './index.ts'

const rendered = (spec: Parameters<typeof platformOf>[0]): KubeObject[] => {
  const platform = platformOf(spec)
  const effective = effectiveSpec(platform, '0.1.0')
  return render({ platform, effective, facts: settledFacts(), settings: SETTINGS }).map(({ object }) => object)
}
const templates = (objects: KubeObject[]): { owner: KubeObject; template: KubeObject }[] =>
  objects.flatMap(owner => (owner['spec']?.template?.spec ? [{ owner, template: owner['spec'].template }] : []))

/** A quantity in milli-units. */
const amount = (text: string | number): number => {
  const [, digits, unit = ''] = /^([0-9.]+)(m|Mi|Gi)?$/.exec(String(text))!
  return Number(digits) * { '': 1_000, m: 1, Mi: 2 ** 20 * 1_000, Gi: 2 ** 30 * 1_000 }[unit]!
}

describe('for any spec, every pod the platform makes', () => {
  const forAny = (check: (template: KubeObject, owner: KubeObject) => void): void =>
    fc.assert(
      fc.property(anySpec, spec => {
        for (const { owner, template } of templates(rendered(spec))) check(template, owner)
      }),
      { numRuns: 100 },
    )

  test('is taken by a namespace that enforces the Pod Security Standard restricted', () => {
    forAny(template => expect(violations(template as never)).toEqual([]))
  })

  test('has a read-only root, a place for scratch files, and no token of the Kubernetes API', () => {
    forAny(({ spec }) => {
      expect(spec.automountServiceAccountToken).toBe(false)
      for (const container of spec.containers) {
        expect(container.securityContext.readOnlyRootFilesystem).toBe(true)
        expect(container.volumeMounts).toEqual([{ name: 'tmp', mountPath: '/tmp' }])
      }
      expect(spec.volumes).toEqual([{ name: 'tmp', emptyDir: expect.anything() }])
    })
  })

  test('requests CPU and memory, has a memory limit, and asks for no more than its limits', () => {
    forAny(({ spec }) => {
      for (const { resources } of spec.containers) {
        expect(resources).toMatchObject({
          requests: { cpu: expect.anything(), memory: expect.anything() },
          limits: { memory: expect.anything() },
        })
      }
    })
    // Where the user gives one of the two, the other follows; where both are given they are the user's own.
    for (const resources of [{ requests: { memory: '8Gi', cpu: 8 } }, { limits: { memory: '1Mi', cpu: '1m' } }]) {
      for (const { template } of templates(rendered({ services: { audit: { resources } } })))
        for (const { resources: own } of template['spec'].containers)
          for (const name of Object.keys(own.limits))
            expect(amount(own.requests[name])).toBeLessThanOrEqual(amount(own.limits[name]))
    }
  })

  test('that serves has three probes, is spread over zones and nodes, and may be drained one at a time', () => {
    fc.assert(
      fc.property(anySpec, spec => {
        const all = rendered(spec)
        for (const { owner, template } of templates(all).filter(({ owner: { kind } }) => kind === 'Deployment')) {
          const [container] = template['spec'].containers
          expect(container).toMatchObject({
            startupProbe: { httpGet: { port: 'http' } },
            livenessProbe: { httpGet: { port: 'http' } },
            readinessProbe: { httpGet: { port: 'http' } },
          })
          const spread = template['spec'].topologySpreadConstraints as { topologyKey: string; labelSelector: object }[]
          expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
            'topology.kubernetes.io/zone',
            'kubernetes.io/hostname',
          ])
          const budget = all.find(
            ({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name === owner.metadata.name,
          )
          const { matchLabels } = owner['spec'].selector
          expect(budget!['spec']).toMatchObject({ maxUnavailable: 1, selector: { matchLabels } })
          expect(template.metadata.labels).toMatchObject(matchLabels)
          expect(spread[0]!.labelSelector).toEqual({ matchLabels })
        }
      }),
      { numRuns: 50 },
    )
  })

  test('can be moved to another node: somebody makes it anew, and no volume of its own holds it where it is', () => {
    fc.assert(
      fc.property(anySpec, spec => {
        const all = rendered(spec)
        expect(all.filter(({ kind }) => ['Pod', 'ReplicaSet'].includes(kind))).toEqual([])
        for (const { template } of templates(all)) {
          const { annotations = {} } = template.metadata
          // As the cluster autoscaler reads it (utils/drain: HasBlockingLocalStorage).
          const safe = annotations['cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes']?.split(',')
          const local = template['spec'].volumes.filter(
            ({ emptyDir, hostPath }: { emptyDir?: { medium?: string }; hostPath?: object }) =>
              hostPath || (emptyDir && emptyDir.medium !== 'Memory'),
          )
          for (const { name } of local) expect(safe).toContain(name)
          expect(annotations).not.toHaveProperty(['cluster-autoscaler.kubernetes.io/safe-to-evict'])
        }
      }),
      { numRuns: 50 },
    )
  })

  test('ends within its grace period: routes, then the service, then the sidecar', () => {
    forAny(({ spec, metadata }) => {
      const sidecar = Number(metadata.annotations?.['dapr.io/graceful-shutdown-seconds'] ?? 0)
      const routes = spec.containers[0].lifecycle?.preStop.sleep.seconds ?? 0
      if (spec.restartPolicy) return
      expect(routes + DRAIN_SECONDS + sidecar).toBeLessThanOrEqual(spec.terminationGracePeriodSeconds)
    })
  })
})

test('what podTemplate says is in every pod, the migrations’ too, and cannot change who they are', () => {
  const podTemplate = {
    imagePullSecrets: [{ name: 'registry' }],
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'dedicated', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
    priorityClassName: 'high',
    labels: { team: 'todo', 'app.kubernetes.io/component': 'intruder' },
    annotations: {
      note: 'x',
      'dapr.io/sidecar-image': 'evil',
      'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
    },
  }
  for (const { template } of templates(rendered({ podTemplate }))) {
    const { imagePullSecrets, nodeSelector, tolerations, affinity, priorityClassName } = podTemplate
    expect(template['spec']).toMatchObject({ imagePullSecrets, nodeSelector, tolerations, affinity, priorityClassName })
    expect(template.metadata.labels).toMatchObject({ team: 'todo' })
    expect(template.metadata.labels!['app.kubernetes.io/component']).not.toBe('intruder')
    // Who knows better than we which pods may be moved is the user.
    expect(template.metadata.annotations).toMatchObject({
      note: 'x',
      'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
    })
    expect(JSON.stringify(template)).not.toContain('evil')
  }
})

test('other pods or another database are another migration Job, for a template cannot change; another password of Kafka is not', () => {
  const job = (spec: Parameters<typeof platformOf>[0], digest = 'a', password = 'p'): string => {
    const platform = platformOf(spec)
    const facts = settledFacts({ databaseDigest: digest })
    facts.kafka.credentials['audit-service'] = { username: 'audit-service', password }
    const all = render({ platform, effective: effectiveSpec(platform, '0.1.0'), facts, settings: SETTINGS })
    return all.find(({ object }) => object.kind === 'Job')!.object.metadata.name
  }
  expect(job({})).toBe(job({}, 'a', 'rotated'))
  expect(job({})).not.toBe(job({}, 'b'))
  expect(job({})).not.toBe(job({ podTemplate: { priorityClassName: 'high' } }))
  expect(job({ version: `0.1.0-${'x'.repeat(56)}` }).length).toBeLessThanOrEqual(63)
})
