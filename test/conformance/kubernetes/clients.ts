/** The clients that people and programs use, as steps of a row: kubectl, and the official client for Node.js. */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { ApiException, KubeConfig } from '@kubernetes/client-node'
import { engine } from '../../engines/find.ts'
import type { Normaliser } from './normalise.ts'
import type { Json, Step } from './row.ts'
import type { Target } from './target.ts'

export interface Run {
  exit: number
  out: string
  err: string
}

/** kubectl with its arguments; objects, where given, are its standard input. The row's namespace is its own. */
export function kubectl(args: string, ...objects: unknown[]): Step {
  return { method: 'GET', path: '', kubectl: { args: [...words(args), '--namespace', '{ns}'], objects } }
}

/** As a shell splits them, without its variables: single quotes hold words together. */
const words = (line: string): string[] =>
  [...line.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''))

/** A program that uses client-node; `title` is what the request is called. */
export const program = (title: string, call: NonNullable<Step['call']>['run']): Step => ({
  method: 'GET',
  path: '',
  call: { title: `client-node: ${title} in {ns}`, run: call },
})

/** The kubeconfig's folder keeps kubectl's cache: another server's discovery must not be found in it. */
export function runKubectl(target: Target, args: readonly string[], input: string): Promise<Run> {
  const { command, prefix } = engine('kubectl')
  const cache = `${target.kubeconfig}.cache`
  mkdirSync(cache, { recursive: true })
  const child = spawn(command, [...prefix, ...args], {
    cwd: cache,
    env: { PATH: process.env['PATH'], KUBECONFIG: target.kubeconfig, HOME: cache, KUBECACHEDIR: cache, TZ: 'UTC' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const read = (stream: NodeJS.ReadableStream): Promise<string> =>
    new Promise(resolve => {
      let text = ''
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      stream.on('end', () => resolve(text))
    })
  // Who reads no input ends before it is written.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const exit = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => resolve(code ?? 1))
  })
  return Promise.all([exit, read(child.stdout), read(child.stderr)]).then(([code, out, err]) => ({
    exit: code,
    out,
    err,
  }))
}

/**
 * What kubectl printed, without what differs from run to run. A failure has the shape of a refusal of the API: an exit
 * code as a status from 400 on, what it said as the message.
 */
export function kubectlAnswer({ exit, out, err }: Run, normaliser: Normaliser): { status: number; body: Json } {
  const body: Record<string, Json> = { stdout: printed(out, normaliser) }
  if (err) body['message'] = plain(err, normaliser)
  return { status: exit === 0 ? 200 : 400 + exit, body }
}

function printed(out: string, normaliser: Normaliser): Json {
  if (!out.startsWith('{')) return plain(out, normaliser)
  try {
    return normaliser.body(JSON.parse(out) as Json)
  } catch {
    return plain(out, normaliser)
  }
}

const plain = (text: string, normaliser: Normaliser): string =>
  normaliser
    .text(text)
    .replace(/(resourceVersion: ")\d+/g, '$1<version>')
    .replace(/(Resource Version:\s+)\d+/g, '$1<version>')
    // Files that `kubectl diff` compares, and their times.
    .replace(/\S*\/(LIVE|MERGED)-\d+(\S*)/g, '$1$2')
    .replace(/^(---|\+\+\+) (\S+)\s.*$/gm, '$1 $2')
    .replace(/\w{3}, \d\d \w{3} \d{4} [\d:]{8} [+-]\d{4}/g, '<time>')
    // How old something is, at the end of its line or in a column; the columns are as wide as their content.
    .replace(/(?<=\s)(\d+[smh])+(?=\s|$)/g, '<age>')
    .replace(/ {2,}/g, '  ')
    .replace(/[ \t]+$/gm, '')

/** What a program with client-node got: its result, or the code and the Status of what was refused. */
export async function callAnswer(
  target: Target,
  namespace: string,
  run: NonNullable<Step['call']>['run'],
  normaliser: Normaliser,
): Promise<{ status: number; body: Json }> {
  const config = new KubeConfig()
  config.loadFromFile(target.kubeconfig)
  try {
    const result = await run(config, namespace)
    return { status: 200, body: normaliser.body(JSON.parse(JSON.stringify(result ?? null)) as Json) }
  } catch (error) {
    if (!(error instanceof ApiException)) throw error
    const body = typeof error.body === 'string' ? (JSON.parse(error.body) as Json) : (error.body as Json)
    return { status: error.code, body: normaliser.body(JSON.parse(JSON.stringify(body)) as Json) }
  }
}
