import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { MatrixFault, Turn } from './watch-matrix-faults.ts'

interface ConfigMap {
  apiVersion: 'v1'
  kind: 'ConfigMap'
  metadata: { name: string; namespace: string; uid: string; resourceVersion: string }
  data: { value: string }
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const NAMES = ['one', 'two', 'three']
const BIG = 'x'.repeat(1_500_000)

/** A tiny API server of ConfigMaps that serves lists, streaming lists and watches as the fault says. */
export class FaultyServer {
  readonly #fault: MatrixFault
  readonly #objects = new Map<string, ConfigMap>()
  readonly #watches = new Set<(map: ConfigMap) => void>()
  readonly #server: Server
  #version = 10
  #lists = 0
  #nthWatch = 0
  #big = false
  requests = 0
  openWatches = 0

  private constructor(fault: MatrixFault) {
    this.#fault = fault
    for (const name of NAMES) this.#put(name, `${name} ä€😀`)
    this.#server = createServer((request, response) => {
      this.requests++
      const url = new URL(request.url ?? '/', 'http://faulty')
      if (url.pathname === '/api') this.#json(response, { kind: 'APIVersions', versions: ['v1'] })
      else if (url.pathname === '/api/v1')
        this.#json(response, { resources: [{ name: 'configmaps', kind: 'ConfigMap', namespaced: true }] })
      else if (url.searchParams.get('watch')) this.#watch(response, url.searchParams)
      else this.#list(response)
    })
  }

  static async open(fault: MatrixFault): Promise<FaultyServer> {
    const faulty = new FaultyServer(fault)
    await new Promise<void>(resolve => faulty.#server.listen(0, '127.0.0.1', resolve))
    return faulty
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** One object changes, one goes up in number. */
  change(): void {
    this.#tell(this.#put('two', `changed ä€😀${this.#big ? BIG : ''}`))
    this.#tell(this.#put('four', 'new'))
  }

  agrees(cached: Map<string, string>): boolean {
    return (
      cached.size === this.#objects.size &&
      [...this.#objects].every(([name, { data }]) => cached.get(name) === data.value)
    )
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #put(name: string, value: string): ConfigMap {
    const resourceVersion = String(++this.#version)
    const map: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion },
      data: { value },
    }
    this.#objects.set(name, map)
    return map
  }

  #tell(map: ConfigMap): void {
    for (const told of [...this.#watches]) told(map)
  }

  #json(response: ServerResponse, body: object, code = 200, headers: Record<string, string> = {}): void {
    response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }

  #list(response: ServerResponse): void {
    const metadata = { resourceVersion: String(this.#version) }
    this.#answer(response, this.#fault.list, ++this.#lists, () =>
      this.#json(response, { kind: 'ConfigMapList', apiVersion: 'v1', metadata, items: [...this.#objects.values()] }),
    )
  }

  #watch(response: ServerResponse, query: URLSearchParams): void {
    this.openWatches++
    response.on('close', () => {
      this.openWatches--
    })
    // A streaming list is a list and a watch in one: it meets the faults of both.
    if (query.get('sendInitialEvents') === 'true' && this.#fault.list && ++this.#lists === 1) {
      this.#answer(response, this.#fault.list, 1, () => this.#stream(response, query))
      return
    }
    this.#stream(response, query)
  }

  #stream(response: ServerResponse, query: URLSearchParams): void {
    const state = {
      atChange: undefined as (() => void) | undefined,
      split: false,
      delayMs: 0,
      pieces: Promise.resolve(),
    }
    const send = (type: string, object: object): void => {
      const bytes = Buffer.from(`${JSON.stringify({ type, object })}\n`)
      if (!state.split) return void response.write(bytes)
      // In the middle of a character, and each piece in a packet of its own.
      const middle = Math.max(1, bytes.indexOf(0xc3) + 1)
      state.pieces = state.pieces
        .then(() => response.write(bytes.subarray(0, middle)))
        .then(() => pause(30))
        .then(() => void response.write(bytes.subarray(middle)))
    }
    const told = (map: ConfigMap): void => {
      if (state.atChange) state.atChange()
      else send('MODIFIED', map)
    }
    const open = (): void => {
      if (response.writableEnded || response.destroyed) return
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      if (query.get('sendInitialEvents') === 'true') {
        for (const map of this.#objects.values()) send('ADDED', map)
        const annotations = { 'k8s.io/initial-events-end': 'true' }
        const metadata = { resourceVersion: String(this.#version), annotations }
        send('BOOKMARK', { kind: 'ConfigMap', apiVersion: 'v1', metadata })
      } else {
        const from = Number(query.get('resourceVersion') ?? 0)
        for (const map of this.#objects.values()) if (Number(map.metadata.resourceVersion) > from) send('MODIFIED', map)
      }
      this.#watches.add(told)
      response.on('close', () => this.#watches.delete(told))
    }
    const forget = (): void => void this.#watches.delete(told)
    const partial = Buffer.from('{"type":"MODIFIED","object":{"kind":"ConfigMap","metadata":{"name":"two"')
    const turn = this.#turn(response, {
      atChange: act => {
        state.atChange = () => {
          forget()
          act()
        }
      },
      cut: () => response.end(partial),
      cutAndReset: () => void response.write(partial, () => response.destroy()),
      garbage: () => {
        response.write('<html>502 Bad Gateway</html>\n', () => response.destroy())
      },
      splitEvents: () => {
        state.split = true
      },
      bigEvents: () => {
        this.#big = true
      },
      delay: ms => {
        state.delayMs = ms
      },
    })
    this.#fault.watch?.(turn, ++this.#nthWatch)
    if (state.delayMs > 0) setTimeout(open, state.delayMs)
    else open()
  }

  #answer(response: ServerResponse, fault: MatrixFault['list'], nth: number, well: () => void): void {
    const none = (): void => {}
    fault?.(
      this.#turn(response, {
        atChange: none,
        cut: none,
        cutAndReset: none,
        garbage: none,
        splitEvents: none,
        bigEvents: none,
        delay: none,
      }),
      nth,
    )
    if (!response.writableEnded && !response.destroyed) well()
  }

  #turn(response: ServerResponse, more: Omit<Turn, 'refuse' | 'end' | 'reset' | 'error'>): Turn {
    const status = (code: number): object => ({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      code,
      reason: 'Injected',
      message: `injected ${code}`,
    })
    return {
      ...more,
      refuse: (code, headers) => this.#json(response, status(code), code, headers),
      end: () => {
        if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' })
        response.end()
      },
      reset: () => void response.destroy(),
      error: code => {
        if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' })
        response.end(`${JSON.stringify({ type: 'ERROR', object: status(code) })}\n`)
      },
    }
  }
}
