import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { type Command, Option } from 'commander'
import { API_VERSION, KIND } from '../contracts/platform/names.ts'
import { EXIT, Exit } from './exit.ts'
import { type Format, structured, withOutput, yamlOf } from './output.ts'
import type { Terminal } from './terminal.ts'

const PROFILES = ['Development', 'Production'] as const
const KAFKAS = ['strimzi', 'external'] as const
const DATABASES = ['cloudnativepg', 'secretRef'] as const

interface Answers {
  name: string
  namespace: string
  profile: (typeof PROFILES)[number]
  kafka: (typeof KAFKAS)[number]
  database: (typeof DATABASES)[number]
}

interface InitOptions extends Partial<Answers> {
  output: Format
  yes: boolean
  force: boolean
}

interface Question {
  key: keyof Answers
  ask: string
  choices?: readonly string[]
  usual: string
}

const QUESTIONS: readonly Question[] = [
  { key: 'name', ask: 'Name of the platform', usual: 'todo' },
  { key: 'namespace', ask: 'Namespace: one platform in each', usual: 'todo' },
  {
    key: 'profile',
    ask: 'Profile: Development is small and has a login built in',
    choices: PROFILES,
    usual: 'Development',
  },
  { key: 'kafka', ask: 'Kafka: run by Strimzi here, or an external one', choices: KAFKAS, usual: 'strimzi' },
  {
    key: 'database',
    ask: 'PostgreSQL: run by CloudNativePG here, or yours by a Secret with its URI',
    choices: DATABASES,
    usual: 'cloudnativepg',
  },
]

const NAME = /^[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?$/

/** `tep init`: a manifest to begin with; asks on a terminal, takes what is usual with `--yes`. */
export function init(program: Command, terminal: Terminal): void {
  const command = program
    .command('init')
    .argument('[folder]', 'where to', '.')
    .description('Write platform.yaml and .gitignore to begin with; never over what is there without --force.')
    .option('--name <name>', QUESTIONS[0]!.ask)
    .option('--namespace <name>', QUESTIONS[1]!.ask)
    .addOption(new Option('--profile <profile>', QUESTIONS[2]!.ask).choices([...PROFILES]))
    .addOption(new Option('--kafka <kind>', QUESTIONS[3]!.ask).choices([...KAFKAS]))
    .addOption(new Option('--database <kind>', QUESTIONS[4]!.ask).choices([...DATABASES]))
    .option('-y, --yes', 'ask nothing: what is usual', false)
    .option('--force', 'write over what is there', false)
    .action((folder: string, options: InitOptions) => run(folder, options, terminal))
  withOutput(command)
}

async function run(folder: string, options: InitOptions, terminal: Terminal): Promise<void> {
  const file = join(folder, 'platform.yaml')
  if (existsSync(file) && !options.force)
    throw new Exit('TEP5019', EXIT.refused, `${file} is there already: --force writes over it, or name another folder`)
  const answers = await answersOf(options, terminal)
  for (const key of ['name', 'namespace'] as const)
    if (!NAME.test(answers[key]))
      throw new Exit(
        'TEP5015',
        EXIT.usage,
        `--${key} ${answers[key]} is no name: small letters, digits and dashes, at most 42`,
      )
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, manifestOf(answers))
    ignore(join(folder, '.gitignore'))
  } catch (error) {
    throw new Exit('TEP5003', EXIT.notWritable, `cannot write to ${folder}: ${(error as Error).message}`)
  }
  const { namespace } = answers
  if (options.output !== 'text') {
    terminal.out(structured({ file, ...answers }, options.output))
    return
  }
  terminal.out(
    [
      `wrote ${file}`,
      ...(answers.database === 'secretRef'
        ? [
            `  first: kubectl create secret generic todo-db -n ${namespace} --from-literal=uri=postgres://USER:PASSWORD@HOST:5432/todo`,
          ]
        : []),
      ...(answers.kafka === 'external'
        ? [
            `  first: set spec.kafka.external.bootstrapServers, and kubectl create secret generic todo-kafka -n ${namespace} --from-literal=password=PASSWORD`,
          ]
        : []),
      `  on this machine: tep up -f ${file}`,
      `  in a cluster:    tep validate ${file} && kubectl apply -n ${namespace} -f ${file} && tep status -n ${namespace} --watch`,
    ].join('\n'),
  )
}

/** What a flag says is not asked for. */
async function answersOf(options: InitOptions, terminal: Terminal): Promise<Answers> {
  const answers: Record<string, string> = {}
  const asking = terminal.tty && !options.yes
  const lines = asking ? createInterface({ input: process.stdin, output: process.stdout }) : undefined
  try {
    for (const { key, ask, choices, usual } of QUESTIONS) {
      let answer = options[key]
      while (answer === undefined && lines) {
        const words = `${ask}${choices ? ` (${choices.join(', ')})` : ''} [${usual}]: `
        const given = (await lines.question(words, { signal: terminal.signal })).trim()
        if (!choices || !given || choices.includes(given)) answer = (given || usual) as never
      }
      answers[key] = answer ?? usual
    }
  } finally {
    lines?.close()
  }
  return answers as unknown as Answers
}

function manifestOf({ name, namespace, profile, kafka, database }: Answers): string {
  const spec = {
    profile,
    kafka:
      kafka === 'strimzi'
        ? { strimzi: {} }
        : {
            external: {
              bootstrapServers: ['kafka.example.com:9092'],
              authentication: {
                type: 'SCRAM-SHA-512',
                username: 'todo',
                passwordSecretRef: { name: 'todo-kafka', key: 'password' },
              },
            },
          },
    database: database === 'cloudnativepg' ? { cloudnativepg: {} } : { secretRef: { name: 'todo-db', key: 'uri' } },
    ...(profile === 'Production' && { auth: { issuer: 'https://id.example.com', audience: 'todo' } }),
  }
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace }, spec },
  ]
  return `# Every field: tep explain spec --recursive\n${objects.map(yamlOf).join('---\n')}`
}

const IGNORED = ['.tep/', 'tep-bundle/']

function ignore(file: string): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const missing = IGNORED.filter(line => !before.split('\n').includes(line))
  if (missing.length > 0)
    writeFileSync(file, `${before && !before.endsWith('\n') ? `${before}\n` : before}${missing.join('\n')}\n`)
}
