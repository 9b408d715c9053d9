import {
  closeSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  type WriteStream,
  watch,
} from 'node:fs'
import { join } from 'node:path'

export interface LogRequest {
  follow: boolean
  tailLines?: number
  previous: boolean
  sinceSeconds?: number
  timestamps: boolean
  limitBytes?: number
}

/** One file for a container's run, and one for the run before, as kubelet keeps them; each line begins with its time. */
export class ContainerLogs {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
  }

  #path(container: string, previous = false): string {
    return join(this.#folder, `${container}${previous ? '.previous' : ''}.log`)
  }

  /** A new run of a container: what it prints goes here. */
  begin(container: string): { write(chunk: Uint8Array | string): void; end(): void } {
    const path = this.#path(container)
    if (existsSync(path)) renameSync(path, this.#path(container, true))
    const file: WriteStream = createWriteStream(path)
    let rest = ''
    return {
      write(chunk) {
        rest += chunk.toString()
        const lines = rest.split('\n')
        rest = lines.pop()!
        const at = new Date().toISOString()
        if (lines.length > 0) file.write(lines.map(line => `${at} ${line}\n`).join(''))
      },
      end() {
        if (rest) file.write(`${new Date().toISOString()} ${rest}\n`)
        file.end()
      },
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  has(container: string): boolean {
    return existsSync(this.#path(container))
  }

  /** The lines asked for, and with `follow` those to come until the signal aborts. */
  async *read(container: string, options: LogRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const path = this.#path(container, options.previous)
    if (!existsSync(path)) return
    const since = options.sinceSeconds === undefined ? 0 : Date.now() - options.sinceSeconds * 1_000
    const shown = (line: string): string | undefined => {
      const space = line.indexOf(' ')
      if (since > 0 && Date.parse(line.slice(0, space)) < since) return undefined
      return options.timestamps ? line : line.slice(space + 1)
    }
    let { text, position } = readFrom(path, 0)
    let lines = text.split('\n').slice(0, -1)
    let rest = text.slice(text.lastIndexOf('\n') + 1)
    if (options.tailLines !== undefined) lines = lines.slice(Math.max(0, lines.length - options.tailLines))
    const first = Buffer.from(
      lines
        .map(shown)
        .filter(line => line !== undefined)
        .map(line => `${line}\n`)
        .join(''),
    )
    yield options.limitBytes === undefined ? first : first.subarray(0, options.limitBytes)
    while (options.follow && !signal.aborted && existsSync(path)) {
      await changed(path, signal)
      if (!existsSync(path)) return
      if (statSync(path).size < position) position = 0
      ;({ text, position } = readFrom(path, position))
      const whole = (rest + text).split('\n')
      rest = whole.pop()!
      const out = whole.map(shown).filter(line => line !== undefined)
      if (out.length > 0) yield Buffer.from(out.map(line => `${line}\n`).join(''))
    }
  }
}

function readFrom(path: string, position: number): { text: string; position: number } {
  const file = openSync(path, 'r')
  try {
    const size = statSync(path).size
    const bytes = Buffer.alloc(Math.max(0, size - position))
    const count = readSync(file, bytes, 0, bytes.length, position)
    return { text: bytes.subarray(0, count).toString('utf8'), position: position + count }
  } finally {
    closeSync(file)
  }
}

/** The next change of a file, or half a second: not every file system tells of changes. */
const changed = (path: string, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      watcher.close()
      resolve()
    }
    const timer = setTimeout(done, 500)
    const watcher = watch(path, done)
    watcher.on('error', done)
    signal.addEventListener('abort', done, { once: true })
  })
