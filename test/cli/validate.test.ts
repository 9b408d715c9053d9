/** `tep validate`: every rule by what it refuses and what it takes, and the documents whose mistakes the rules are made from. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check, RULES } from '../../src/cli/validate/check.ts'
import type { Finding } from '../../src/cli/validate/rule.ts'
import { root } from '../support/laptop.ts'
import { tep } from '../support/tep.ts'
import { CASES, component, good } from './validate-cases.ts'

const rulesOf = (findings: readonly Finding[]): string[] => findings.map(({ rule }) => rule)

test('every rule has its case', () => {
  expect(Object.keys(CASES).sort()).toEqual(RULES.map(({ id }) => id).sort())
})

test.each(Object.entries(CASES))(
  '%s is found at its line, and not in what is right',
  async (rule, { file, bad, line, right }) => {
    const found = (await check([{ file, text: bad }], '0.1.0')).filter(each => each.rule === rule)
    expect(found.map(each => each.line)).toEqual([line])
    expect(found[0]!.column).toBeGreaterThan(0)
    expect(rulesOf(await check([{ file, text: right }], '0.1.0'))).not.toContain(rule)
  },
)

test('in a document, blocks are checked in their language, at the lines of the document', async () => {
  const text = `# Words\n\nkubectl wait is fine here\n\n\`\`\`yaml\n${good.replace('oldest}', 'oldest}\n    - {name: consumerGroup, value: todo}')}\`\`\`\n`
  const found = await check([{ file: 'a.md', text }], '0.1.0')
  expect(found.map(({ rule, line }) => [rule, line])).toEqual([['consumer-group-shared', 16]])
})

test('one app under two ids, and one value in two Secrets, show across files', async () => {
  const state = (secret: string) =>
    component(
      'state.postgresql',
      `    - name: connectionString\n      secretKeyRef: {name: ${secret}, key: uri}\n`,
      'v2',
    )
  const files = [
    { file: 'a.yaml', text: `${state('db')}---\ndapr.io/app-id: backend-service\n` },
    { file: 'b.yaml', text: `${state('db')}---\ndapr.io/app-id: backend-service\n` },
    { file: 'c.yaml', text: `${state('other')}---\ndapr.io/app-id: backend\n` },
  ]
  const found = await check(files, '0.1.0')
  expect(found.map(({ file, rule }) => [file, rule])).toEqual([
    ['c.yaml', 'secret-differs'],
    ['c.yaml', 'app-id-differs'],
  ])
})

describe('a TodoEventPlatform', () => {
  const platform = (spec: string): string =>
    `apiVersion: todo.events/v1alpha1\nkind: TodoEventPlatform\nmetadata:\n  name: todo\nspec:\n${spec}`
  const errors = async (spec: string) =>
    (await check([{ file: 'a.yaml', text: platform(spec) }], '0.1.0')).map(({ line, rule, message }) => [
      line,
      rule,
      message,
    ])

  test('is held to its schema', async () => {
    expect(await errors('  kafka: {strimzi: {}}\n  database: {cloudnativepg: {}}\n  profile: Prod\n')).toEqual([
      [8, 'platform-schema', expect.stringContaining('Unsupported value')],
    ])
    expect(await errors('  kafka: {strimzi: {}}\n  database: {cloudnativepg: {}}\n  tpoics: []\n')).toEqual([
      [8, 'platform-schema', expect.stringContaining('unknown field')],
    ])
  })

  test('to its CEL rules', async () => {
    expect(
      await errors(
        '  kafka:\n    strimzi: {}\n    external: {bootstrapServers: ["a:9092"]}\n  database: {cloudnativepg: {}}\n',
      ),
    ).toEqual([[6, 'platform-schema', expect.stringContaining('exactly one of')]])
  })

  test('and to what the operator would refuse', async () => {
    expect(
      await errors(
        '  kafka: {strimzi: {}}\n  database: {cloudnativepg: {}}\n  subscriptions:\n  - {app: billing, topic: nowhere, path: /a}\n',
      ),
    ).toEqual([[8, 'TEP-SPEC-SUBSCRIPTION-TOPIC', expect.stringContaining('there is no topic nowhere')]])
  })
})

test('of a folder, the patches of a kustomization and testdata are no manifests', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tep-kustomize-'))
  const part =
    'apiVersion: todo.events/v1alpha1\nkind: TodoEventPlatform\nmetadata: {name: todo}\nspec: {profile: Production}\n'
  try {
    mkdirSync(join(folder, 'testdata'))
    writeFileSync(join(folder, 'testdata/wrong.yaml'), part)
    writeFileSync(join(folder, 'patch.yaml'), part)
    writeFileSync(join(folder, 'kustomization.yaml'), 'resources: [../base]\n')
    expect((await tep(['validate', folder])).code).toBe(1)
    writeFileSync(join(folder, 'kustomization.yaml'), 'resources: [../base]\npatches: [{path: patch.yaml}]\n')
    expect((await tep(['validate', folder])).code).toBe(0)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('nothing is found in the examples', async () => {
  const { code, out } = await tep(['validate', '--strict', '-o', 'json', join(root, 'examples')])
  expect([code, JSON.parse(out)]).toEqual([0, []])
})

describe('outputs', () => {
  let folder: string
  let file: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tep-validate-'))
    file = join(folder, 'a.yaml')
    writeFileSync(file, CASES['kafka-zookeeper']!.bad)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('text names file, line, column, rule and fix, and ends with 1', async () => {
    const { code, out } = await tep(['validate', folder])
    expect([code, out]).toEqual([1, expect.stringContaining(`${file}:5:3 error`)])
    expect(out).toMatch(/\[kafka-zookeeper\][\s\S]*KafkaNodePool/)
  })

  test('sarif and github', async () => {
    const sarif = JSON.parse((await tep(['validate', file, '-o', 'sarif'])).out)
    expect(sarif.runs[0].results[0]).toMatchObject({
      ruleId: 'kafka-zookeeper',
      level: 'error',
      locations: [{ physicalLocation: { region: { startLine: 5, startColumn: 3 } } }],
    })
    expect((await tep(['validate', file, '-o', 'github'])).out).toMatch(
      /^::error file=.*a\.yaml,line=5,col=3,title=kafka-zookeeper::/,
    )
  })

  test('what is no YAML is told at its line; what is not there, too', async () => {
    const broken = join(folder, 'b.yaml')
    writeFileSync(broken, 'a: 1\nb: [\n')
    const { out } = await tep(['validate', broken, '-o', 'json'])
    expect(JSON.parse(out)).toMatchObject([{ rule: 'yaml', severity: 'error' }])
    expect(await tep(['validate', join(folder, 'none.yaml')])).toMatchObject({
      code: 2,
      err: expect.stringContaining('TEP5005'),
    })
  })
})

const seeds = process.env['SEEDS'] ?? join(root, '../shared/seeds')
if (!existsSync(seeds)) console.log(`the seed documents are not checked: no ${seeds} (or set SEEDS=…)`)

/** Each wrong claim of the seed documents: who makes it, in which words, and the rule that finds it at that very line; 34 stands in none of them. */
const CLAIMS: readonly [claim: number, rule: string, seed: string, words: string][] = [
  [1, 'strimzi-api-version', '000', 'apiVersion: kafka.strimzi.io/v1beta2'],
  [2, 'kafka-version-3', '000', 'version: 3.6.0'],
  [2, 'kafka-version-3', '003', 'version: 3.7.0'],
  [3, 'kafka-version-4', '001', 'version: 4.0.0'],
  [4, 'kafka-zookeeper', '002', 'zookeeper:'],
  [5, 'kafka-no-node-pool', '003', 'replicas:'],
  [6, 'strimzi-annotations', '001', 'strimzi.io/kraft: enabled'],
  [7, 'kafka-unsafe', '000', 'storage:'],
  [8, 'kafka-wait', '000', 'kubectl wait kafka/todo-kafka'],
  [9, 'strimzi-pod-name', '002', 'todo-kafka-kafka-0'],
  [10, 'topic-name-dots', '001', '- evolution-todo.tasks.created'],
  [11, 'pubsub-auth-type', '001', 'metadata:'],
  [12, 'sasl-mechanism-name', '002', '- name: saslMechanism'],
  [13, 'pubsub-tls-enable', '002', '- name: tlsEnable'],
  [14, 'sasl-mechanism-missing', '000', '# - name: authType'],
  [15, 'consumer-group-shared', '000', '- name: consumerGroup'],
  [16, 'dead-letter-metadata', '002', '- name: deadLetterTopic'],
  [17, 'partition-key-header', '002', 'headers["metadata.partitionKey"]'],
  [18, 'subscribe-post', '004', '@app.post("/dapr/subscribe")'],
  [19, 'job-callback', '000', '@app.post("/api/jobs/trigger")'],
  [20, 'jobs-alpha', '004', 'v1.0-alpha1/jobs'],
  [21, 'binding-route', '001', '/bindings/recurring-scheduler'],
  [22, 'cron-binding', '001', 'bindings.cron'],
  [23, 'reply-status', '002', '"DUPLICATE"'],
  [23, 'reply-status', '001', '"ok"'],
  [24, 'event-type-of-envelope', '003', 'event.get("event_type")'],
  [25, 'component-without-metadata', '004', 'type: secretstores.kubernetes'],
  [26, 'state-postgresql-v1', '000', 'version: v1'],
  [27, 'dapr-sidecar-service', '003', 'svc/dapr-sidecar'],
  [28, 'publish-error-swallowed', '001', 'except Exception as e:'],
  [29, 'initial-offset', '000', 'metadata:'],
  [30, 'redpanda-defaults', '001', 'redpanda:9092'],
  [31, 'redpanda-free-tier', '003', 'Free Serverless tier'],
  [32, 'dedupe-in-memory', '002', 'processed_events = set()'],
  [32, 'month-of-30-days', '002', 'timedelta(days=30)'],
  [33, 'dapr-built-in-retries', '004', 'Retries & Circuit Breakers'],
  [35, 'bitnami-images', '001', 'Bitnami Helm'],
]

/** Each defect of the seeds' code and manifests. */
const DEFECTS: readonly [defect: number, rule: string, seed: string][] = [
  [1, 'partition-key-header', '002'],
  [2, 'subscribe-post', '004'],
  [3, 'event-type-of-envelope', '001'],
  [4, 'reply-status', '001'],
  [5, 'dead-letter-metadata', '002'],
  [6, 'job-callback', '004'],
  [7, 'binding-route', '001'],
  [8, 'cron-binding', '001'],
  [9, 'dedupe-in-memory', '002'],
  [10, 'publish-error-swallowed', '000'],
  [11, 'publish-after-commit', '001'],
  [12, 'consumer-group-shared', '004'],
  [13, 'recurrence-moving-start', '003'],
  [14, 'schema-refuses-own-events', '002'],
  [15, 'kafka-zookeeper', '000'],
  [16, 'secret-differs', '004'],
  [17, 'app-id-differs', '003'],
  [18, 'undefined-helper', '003'],
]

;(existsSync(seeds) ? describe : describe.skip)('the seed documents', () => {
  let findings: Finding[]
  const lines = new Map<string, string[]>()

  beforeAll(async () => {
    const files = readdirSync(seeds).map(name => ({ file: name, text: readFileSync(join(seeds, name), 'utf8') }))
    for (const { file, text } of files) lines.set(file.slice(0, 3), text.split('\n'))
    findings = await check(files, '0.1.0')
  })

  test.each(CLAIMS)('claim %i: %s in %s at "%s"', (_claim, rule, seed, words) => {
    const places = findings
      .filter(each => each.rule === rule && each.file.startsWith(seed))
      .map(({ line }) => lines.get(seed)![line - 1])
    expect(places).toContainEqual(expect.stringContaining(words))
  })

  test.each(DEFECTS)('defect %i: %s in %s', (_defect, rule, seed) => {
    expect(findings.some(each => each.rule === rule && each.file.startsWith(seed))).toBe(true)
  })
})
