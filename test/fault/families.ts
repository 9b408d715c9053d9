import { ALL_KINDS, type Fault } from './faults.ts'
import type { Random } from './random.ts'

/** What a schedule can aim at: how much there is to disturb in the fault-free run. */
export interface Target {
  writes: number
  reads: number
  watches: number
  /** Milliseconds in which something happens. */
  span: number
  replicas: number
}

type Make = (random: Random, target: Target) => Fault[]

const KINDS = [
  'TodoEventPlatform',
  'Kafka',
  'KafkaTopic',
  'KafkaUser',
  'Cluster',
  'Secret',
  'Component',
  'Deployment',
  'Job',
  'Service',
]

const kind = (random: Random): string => (random.chance(0.3) ? ALL_KINDS : random.pick(KINDS))
const moment = (random: Random, { span }: Target): number => random.int(500, span)
const replica = (random: Random, { replicas }: Target): number => random.int(0, replicas - 1)

const crash =
  (when: 'before' | 'applied' | 'after'): Make =>
  (random, { writes }) => [
    { type: 'crash', write: random.int(1, Math.max(1, writes)), when, downMs: random.int(100, 5_000) },
  ]

const refuse =
  (status: number, retryAfter?: number): Make =>
  (random, target) => {
    const calls = random.pick(['write', 'write', 'write', 'read', 'watch'] as const)
    const most = { write: target.writes, read: target.reads, watch: target.watches }[calls]
    return [
      {
        type: 'refuse',
        calls,
        from: random.int(1, Math.max(1, most)),
        count: random.pick([1, 1, 2, 5, 20]),
        status,
        ...(retryAfter && { retryAfter }),
      },
    ]
  }

const reset =
  (when: 'before' | 'applied'): Make =>
  (random, target) => {
    const calls = random.pick(['write', 'write', 'read'] as const)
    const most = calls === 'write' ? target.writes : target.reads
    return [{ type: 'reset', calls, from: random.int(1, Math.max(1, most)), count: random.pick([1, 1, 3]), when }]
  }

const hold: Make = (random, target) => [
  { type: 'hold', kind: kind(random), at: moment(random, target), forMs: random.pick([200, 2_000, 20_000, 90_000]) },
]

/** The families of the fault matrix: three patterns of Sieve (crash, unobserved, stale), and what networks and servers do. */
export const FAMILIES: Readonly<Record<string, Make>> = {
  none: () => [],
  'crash-before-write': crash('before'),
  'crash-write-applied': crash('applied'),
  'crash-after-write': crash('after'),
  'stale-view': hold,
  'stale-view-and-crash': (random, target) => [...hold(random, target), ...crash('applied')(random, target)],
  /** What the status says is old as well: it is not to be written, so that nothing makes a stale view doubtful. */
  'stale-view-unreported': random => {
    const at = random.int(0, 2_500)
    const forMs = random.int(2_000, 15_000)
    return [
      { type: 'hold', kind: random.pick(['Deployment', 'Deployment', 'KafkaTopic', 'Component', 'Job']), at, forMs },
      { type: 'forbid', kind: 'TodoEventPlatform', at: at + random.int(0, 2_000), forMs: forMs + 5_000 },
    ]
  },
  unobserved: (random, target) => [
    { type: 'unobserved', kind: kind(random), at: moment(random, target), forMs: random.int(500, 20_000) },
  ],
  'reset-before': reset('before'),
  'answer-lost': reset('applied'),
  'answer-lost-stale': (random, target) => [...reset('applied')(random, target), ...hold(random, target)],
  'answer-late': (random, { writes }) => [
    {
      type: 'slowAnswer',
      from: random.int(1, Math.max(1, writes)),
      count: random.pick([1, 1, 3]),
      ms: random.pick([100, 1_000, 5_000, 20_000]),
    },
  ],
  'status-409': refuse(409),
  'status-429': refuse(429, 3),
  'status-500': refuse(500),
  'status-503': refuse(503, 1),
  'status-422': refuse(422),
  'clock-step': (random, target) => [
    { type: 'clockStep', at: moment(random, target), byMs: random.pick([-3_600_000, 3_600_000]) },
    ...(random.chance(0.5) ? crash('applied')(random, target) : []),
  ],
  'watch-cut': (random, target) => [{ type: 'cut', kind: kind(random), at: moment(random, target), midLine: false }],
  'watch-cut-mid-line': (random, target) => [
    { type: 'cut', kind: kind(random), at: moment(random, target), midLine: true },
  ],
  'watch-gone': (random, target) => [
    { type: 'gone', kind: kind(random), at: moment(random, target), inBand: random.chance(0.5) },
  ],
  'watch-silent': (random, target) => [{ type: 'silent', kind: kind(random), at: moment(random, target) }],
  'watch-duplicates': () => [{ type: 'duplicate', at: 0, forMs: 60_000 }],
  'slow-lists': (random, target) => [
    { type: 'slowList', ms: random.int(500, 20_000), at: 0, forMs: 30_000 },
    { type: 'cut', kind: ALL_KINDS, at: moment(random, target), midLine: false },
  ],
  forbidden: (random, target) => [
    { type: 'forbid', kind: random.pick(KINDS), at: random.int(0, target.span), forMs: random.int(1_000, 60_000) },
  ],
  partition: (random, target) => [
    { type: 'partition', at: moment(random, target), forMs: random.int(500, 60_000), replica: replica(random, target) },
  ],
  'server-restart': (random, target) => [
    { type: 'restart', at: moment(random, target), forMs: random.int(100, 10_000), compact: random.chance(0.5) },
  ],
  paused: (random, target) => [
    { type: 'pause', at: moment(random, target), forMs: random.int(1_000, 90_000), replica: replica(random, target) },
  ],
  storm: (random, target) => {
    const names = Object.keys(FAMILIES).filter(name => !['storm', 'none', 'restored'].includes(name))
    return Array.from({ length: random.int(2, 5) }, () => FAMILIES[random.pick(names)]!(random, target)).flat()
  },
  /** The API server's state goes back, by what was done in the last moments or by all of it. */
  restored: (random, target) => {
    const at = random.int(1_500, target.span)
    return [
      { type: 'restore', at, forMs: random.int(100, 20_000), backMs: random.int(100, at - 1_000) },
      ...(random.chance(0.3) ? crash('applied')(random, target) : []),
    ]
  },
}
