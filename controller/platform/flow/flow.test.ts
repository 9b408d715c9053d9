import fc from 'fast-check'
import type { PlatformSpec } from '../../../src/contracts/generated/platform.ts'
import { platformOf } from '../../../test/support/platforms.ts'
import { effectiveSpec } from '../effective.ts'
import type { Reason } from './causes.ts'
import { type Expected, expectedFlow } from './expected.ts'
import { type Flow, type FlowState, flowOf, NOTHING_SEEN, nextFlow } from './flow.ts'
import type { PodWord } from './words.ts'

const expectedOf = (spec: Partial<PlatformSpec> = {}): Expected =>
  expectedFlow(effectiveSpec(platformOf(spec), '0.1.0'))
const expected = expectedOf()

/** What the pods of a platform say when all is well: one for each part. */
const healthy = (of: Expected = expected): PodWord[] =>
  of.parts.map(({ app, component }) => ({
    pod: `${component}-1`,
    component,
    sidecar: true,
    report: {
      app,
      received: of.hops
        .filter(hop => hop.app === app)
        .map(({ topic }) => ({ topic, secondsAgo: 3, latencySeconds: 0.1 })),
      ...(app === of.publisher?.app && { published: of.hops.map(({ topic }) => ({ topic })) }),
      sidecar: {
        answers: true,
        components: of.components.filter(({ apps }) => apps.includes(app)).map(({ name }) => name),
        failures: {},
        subscriptions: of.hops
          .filter(hop => hop.app === app)
          .map(({ pubsub, fullTopic }) => ({ pubsub, topic: fullTopic, unserved: [] })),
      },
    },
  }))

type Edit = (words: PodWord[]) => PodWord[]
/** Changes what the pods of one part say. */
const at =
  (component: string, edit: (word: PodWord) => void): Edit =>
  words => {
    for (const word of words) if (word.component === component) edit(word)
    return words
  }
const both =
  (...edits: Edit[]): Edit =>
  words =>
    edits.reduce((said, edit) => edit(said), words)
const silent: (component: string, topic?: string) => Edit = (component, topic) =>
  at(component, ({ report }) => {
    if (report) report.received = report.received.filter(each => topic !== undefined && each.topic !== topic)
  })

/** Looks every five seconds, with a canary every ten. */
class Watcher {
  state: FlowState = NOTHING_SEEN
  now = 0
  flow: Flow = { notLoaded: [], lost: [] }
  said: string[] = []
  readonly expected: Expected
  constructor(of: Expected = expected) {
    this.expected = of
  }
  look(words: PodWord[], seconds = 5): Flow {
    for (const end = this.now + seconds * 1_000; this.now < end; ) {
      this.now += 5_000
      this.state = nextFlow(this.state, this.expected, words, { now: this.now, canaryMs: 10_000 })
      this.flow = flowOf(this.state)
      const text = JSON.stringify(this.flow)
      if (this.said.at(-1) !== text) this.said.push(text)
    }
    return this.flow
  }
}

const after = (edit: Edit, of: Expected = expected): Flow => {
  const watcher = new Watcher(of)
  watcher.look(healthy(of), 30)
  return watcher.look(edit(healthy(of)), 60)
}

test('when every canary arrives, events flow, and the same is said for as long as it lasts', () => {
  const watcher = new Watcher()
  watcher.look(healthy(), 300)
  expect(watcher.said).toHaveLength(1)
  expect(watcher.flow).toEqual({
    verdict: { status: 'True', reason: 'CanariesArrive', message: 'events of 4 topics reach 6 services' },
    notLoaded: [],
    lost: [],
  })
})

const CASES: [name: string, edit: Edit, reason: Reason, message: RegExp][] = [
  [
    'no pod of a consumer',
    words => words.filter(({ component }) => component !== 'audit'),
    'PodsDown',
    /audit-service answers: there is none$/,
  ],
  [
    'a consumer whose container cannot start',
    at('audit', word => {
      delete word.report
      word.trouble = 'container daprd: CreateContainerConfigError (secret "x" not found)'
    }),
    'PodsDown',
    /audit-service.*secret "x" not found/,
  ],
  [
    'no pod of the publisher',
    words => words.filter(({ component }) => component !== 'backend'),
    'PodsDown',
    /^no pod of backend-service answers/,
  ],
  [
    'a pod without a sidecar',
    both(
      silent('audit'),
      at('audit', word => Object.assign(word, { sidecar: false })),
    ),
    'SidecarMissing',
    /^the pods of audit-service have no sidecar/,
  ],
  [
    'a sidecar that does not answer',
    both(
      silent('audit'),
      at('audit', ({ report }) => Object.assign(report!, { sidecar: { answers: false, reason: 'ECONNREFUSED' } })),
    ),
    'SidecarDown',
    /^the sidecar of audit-service does not answer: ECONNREFUSED$/,
  ],
  [
    'a component that failed',
    both(
      silent('audit'),
      at('audit', ({ report }) => {
        Object.assign(report!.sidecar, { components: [], failures: { 'kafka-pubsub': 'Authentication failed' } })
      }),
    ),
    'ComponentNotLoaded',
    /^the sidecar of audit-service has not loaded Component kafka-pubsub: Authentication failed$/,
  ],
  [
    'a component whose scopes leave an app out',
    both(
      silent('realtime'),
      at('realtime', ({ report }) => void Object.assign(report!.sidecar, { components: [] })),
    ),
    'ComponentNotLoaded',
    /Component realtime-pubsub: is realtime-service among its scopes\?$/,
  ],
  [
    'nobody who publishes',
    both(
      ...['audit', 'analytics', 'recurring', 'notification', 'realtime', 'backend'].map(part => silent(part)),
      at('backend', ({ report }) => {
        delete report!.published
        report!.unpublished = 'connect ECONNREFUSED 10.0.0.7:5432'
      }),
    ),
    'NobodyPublishes',
    /^no pod of backend-service publishes: connect ECONNREFUSED 10\.0\.0\.7:5432$/,
  ],
  [
    'a topic that takes nothing',
    both(
      silent('audit', 'reminders'),
      silent('notification', 'reminders'),
      at('backend', ({ report }) =>
        Object.assign(report!, { published: [{ topic: 'reminders', error: '403 not allowed' }] }),
      ),
    ),
    'PublishRefused',
    /^events of reminders cannot be published: 403 not allowed$/,
  ],
  [
    'a subscription that is not there',
    both(
      silent('audit', 'reminders'),
      at('audit', ({ report }) => {
        const said = report!.sidecar as { subscriptions: { topic: string }[] }
        said.subscriptions = said.subscriptions.filter(({ topic }) => topic !== 'reminders')
      }),
    ),
    'SubscriptionMissing',
    /^the sidecar of audit-service has no Subscription to reminders$/,
  ],
  [
    'a route the app does not serve',
    both(
      silent('audit', 'reminders'),
      at('audit', ({ report }) => {
        for (const each of (report!.sidecar as { subscriptions: { topic: string; unserved: string[] }[] })
          .subscriptions)
          if (each.topic === 'reminders') each.unserved = ['/event/reminders']
      }),
    ),
    'RouteMissing',
    /^the Subscription of audit-service to reminders leads to \/event\/reminders, which it does not serve$/,
  ],
  [
    'an app that is behind',
    at('audit', ({ report }) => {
      for (const receipt of report!.received) Object.assign(receipt, { secondsAgo: 1, latencySeconds: 3_600 })
    }),
    'DeliveredLate',
    /^events of notifications, reminders, task-events reach audit-service late/,
  ],
  [
    'an app that is given nothing though nothing is wrong with it',
    silent('audit'),
    'NotDelivered',
    /^events of notifications, reminders, task-events are published and do not reach audit-service/,
  ],
]

test.each(CASES)('%s is named', (_name, edit, reason, message) => {
  const { verdict } = after(edit)
  expect(verdict).toMatchObject({ status: 'False', reason })
  expect(verdict!.message).toMatch(message)
})

test.each(CASES)('%s is named within 60 s, and once more all is well, that is told too', (_name, edit, reason) => {
  const watcher = new Watcher()
  watcher.look(healthy(), 30)
  expect(watcher.look(edit(healthy()), 60).verdict?.reason).toBe(reason)
  watcher.look(healthy(), 60)
  expect(watcher.flow.verdict?.status).toBe('True')
  const statuses = watcher.said.map(text => (JSON.parse(text) as Flow).verdict?.status)
  expect(statuses.filter((status, index) => status !== statuses[index - 1])).toEqual(['True', 'False', 'True'])
})

test('what stands earlier on the way explains what stands later, and several things are told in that order', () => {
  const { verdict } = after(
    both(
      silent('audit'),
      words => words.filter(({ component }) => component !== 'analytics'),
      silent('notification', 'reminders'),
      silent('recurring'),
    ),
  )
  expect(verdict!.reason).toBe('PodsDown')
  expect(verdict!.message.split('; ')).toEqual([
    'no pod of analytics-service answers: there is none',
    expect.stringContaining('do not reach audit-service'),
    expect.stringContaining('do not reach notification-service'),
    'and 1 more',
  ])
})

test('the words of a failure may differ each time; the message does not', () => {
  const watcher = new Watcher()
  watcher.look(healthy(), 30)
  for (let attempt = 0; attempt < 20; attempt++) {
    watcher.look(
      both(
        silent('audit'),
        at('audit', ({ report }) => {
          Object.assign(report!.sidecar, { components: [], failures: { 'kafka-pubsub': `attempt ${attempt}` } })
        }),
      )(healthy()),
    )
  }
  // Once for the condition, once for the component, which are told of at their own moments.
  expect(watcher.said.length).toBeLessThanOrEqual(3)
  expect(watcher.flow.notLoaded).toEqual([
    {
      component: 'kafka-pubsub',
      message: expect.stringMatching(/^the sidecar of audit-service has not loaded it: attempt \d+$/),
    },
  ])
})

test('a platform that is only coming up is no failure: nothing is said before anybody has answered', () => {
  const watcher = new Watcher()
  watcher.look([], 600)
  expect(watcher.said).toEqual(['{"notLoaded":[],"lost":[]}'])
  expect(watcher.look(healthy()).verdict?.status).toBe('True')
})

test('a pod of an app that has groups for each pod must see every event; of the others any pod will do', () => {
  const second =
    (component: string): Edit =>
    words => [
      ...words,
      ...silent(component)(healthy().filter(word => word.component === component)).map(word => ({
        ...word,
        pod: 'other',
      })),
    ]
  expect(after(second('audit')).verdict?.status).toBe('True')
  expect(after(second('realtime')).verdict).toMatchObject({ status: 'False', reason: 'NotDelivered' })
})

test('pods that are replaced take what they have seen with them, and nothing turns', () => {
  const watcher = new Watcher()
  watcher.look(healthy(), 30)
  watcher.look(
    both(
      silent('audit'),
      at('audit', word => Object.assign(word, { pod: 'audit-2' })),
    )(healthy()),
    25,
  )
  watcher.look(healthy(), 60)
  expect(watcher.said).toHaveLength(1)
})

test('an app with groups for each pod is missed when all its pods are gone, and back only when it lasts', () => {
  const watcher = new Watcher()
  watcher.look(healthy(), 30)
  const gone = healthy().filter(({ component }) => component !== 'realtime')
  expect(watcher.look(gone, 60).verdict).toMatchObject({ status: 'False', reason: 'PodsDown' })
  const back = healthy().map(word => (word.component === 'realtime' ? { ...word, pod: 'realtime-2' } : word))
  expect(watcher.look(back, 10).verdict?.status).toBe('False')
  expect(watcher.look(back, 30).verdict?.status).toBe('True')
})

test('a service that shall have no pod is not waited for', () => {
  const without = expectedOf({ services: { analytics: { replicas: 0 } } })
  expect(without.parts.map(({ component }) => component)).not.toContain('analytics')
  expect(new Watcher(without).look(healthy(without), 60).verdict?.status).toBe('True')
})

test('a shared Kafka gives topics a prefix, which the sidecars tell and the status leaves out', () => {
  const shared = expectedOf({ kafka: { strimzi: { clusterRef: { name: 'shared', namespace: 'kafka' } } } })
  expect(shared.hops[0]!.fullTopic).toBe('todo-todo.task-events')
  const watcher = new Watcher(shared)
  expect(watcher.look(healthy(shared), 30).verdict?.status).toBe('True')
})

test('where nobody publishes by the spec, nothing is measured', () => {
  const without = expectedOf({ services: { backend: { enabled: false } } })
  expect(new Watcher(without).look(healthy(without)).verdict).toMatchObject({
    status: 'Unknown',
    reason: 'NothingToMeasure',
  })
})

test('whatever the pods say: it never turns twice within two canaries', () => {
  const edit = fc.constantFrom<Edit>(
    words => words,
    ...CASES.map(([, each]) => each),
    () => [],
    words => words.map(word => ({ ...word, pod: `${word.pod}-again` })),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(edit, fc.integer({ min: 1, max: 8 })), { maxLength: 25 }), phases => {
      const watcher = new Watcher()
      const turns: { at: number; status: string }[] = []
      for (const [apply, looks] of phases) {
        for (let look = 0; look < looks; look++) {
          const { verdict } = watcher.look(apply(healthy()))
          if (verdict && verdict.status !== turns.at(-1)?.status)
            turns.push({ at: watcher.now, status: verdict.status })
        }
      }
      for (const [index, { at: moment }] of turns.entries())
        if (index > 0) expect(moment - turns[index - 1]!.at).toBeGreaterThanOrEqual(20_000)
    }),
    { numRuns: 60 },
  )
})

/** Under a name that no linter takes for a hook. */
const lookedAt = after

describe('a consumer that is lost', () => {
  /** A second pod of audit, which is as well as the first. */
  const withSecond: Edit = words => [
    ...words,
    ...words
      .filter(({ component }) => component === 'audit')
      .map(word => ({ ...structuredClone(word), pod: 'audit-2' })),
  ]

  test('is told with since when and with the pod that had its events last, for as long as it lasts', () => {
    const watcher = new Watcher()
    watcher.look(withSecond(healthy()), 30)
    const lost = (secondsAgo: number) => {
      const words = withSecond(healthy())
      for (const { pod, report } of words)
        for (const receipt of report?.received ?? [])
          if (pod.startsWith('audit')) Object.assign(receipt, { secondsAgo: pod === 'audit-2' ? secondsAgo : 900 })
      return words
    }
    watcher.look(lost(60), 60)
    const [first] = watcher.flow.lost
    expect(watcher.flow.lost.map(({ app }) => app)).toEqual(watcher.flow.lost.map(() => 'audit-service'))
    expect(first).toMatchObject({ topic: 'task-events', suspects: ['audit-2', 'audit-1'] })
    expect(first!.since).toBeGreaterThan(25_000)
    expect(first!.since).toBeLessThan(60_000)
    const said = watcher.said.length
    watcher.look(lost(120), 60)
    expect(watcher.said).toHaveLength(said)
    expect(watcher.look(withSecond(healthy()), 60).lost).toEqual([])
  })

  test('is the one whose sidecar does not know of its Subscription', () => {
    const forgets: Edit = words => {
      for (const { pod, report } of words)
        if (pod === 'audit-2' && report?.sidecar.answers) report.sidecar.subscriptions = []
      return words
    }
    const flow = lookedAt(both(withSecond, silent('audit'), forgets))
    // The other pod knows of it: what is not delivered is another matter, and its own.
    expect(flow.verdict).toMatchObject({ status: 'False', reason: 'NotDelivered' })
    const alone = lookedAt(
      both(silent('audit'), words =>
        forgets(words.map(each => (each.pod === 'audit-1' ? { ...each, pod: 'audit-2' } : each))),
      ),
    )
    expect(alone.verdict).toMatchObject({ status: 'False', reason: 'SubscriptionMissing' })
    expect(new Set(alone.lost.flatMap(({ app, suspects }) => [app, ...suspects]))).toEqual(
      new Set(['audit-service', 'audit-2']),
    )
  })

  test.each(CASES.filter(([, , reason]) => !['NotDelivered', 'SubscriptionMissing'].includes(reason)))(
    'is not to blame for %s',
    (_name, edit) => expect(lookedAt(edit).lost).toEqual([]),
  )
})
