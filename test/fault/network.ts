import { KubeError } from '../../controller/kube/errors.ts'
import type { Request, Response, Transport } from '../../controller/kube/transport.ts'
import { freeze } from '../../src/local/kube-api/json.ts'
import { parseResourcePath } from '../../src/local/kube-api/request.ts'
import { jsonOf, type KubeResponse } from '../../src/local/kube-api/response.ts'
import { ALL_KINDS, type Fault } from './faults.ts'
import { Pipe } from './pipe.ts'
import type { Random } from './random.ts'
import type { SimServer } from './server.ts'
import type { Lane, Simulation } from './simulation.ts'
import { WatchStream } from './watch-stream.ts'

export interface Call {
  at: number
  replica: string
  method: string
  path: string
  /** Kind in the path; empty for discovery. */
  kind: string
  namespace: string | undefined
  name: string | undefined
  subresource: string | undefined
  sort: 'write' | 'read' | 'watch'
  /** Leases and Events are written for other reasons than the platform; they are not counted. */
  aside: boolean
  /** 0: no answer came. */
  status: number
  body: unknown
}

/** Told what a replica sends and what reaches it; an oracle decides by nothing else what the replica can know. */
export interface NetworkObserver {
  sent(call: Call): void
  answered(call: Call, answer: unknown): void
  /** An answer will come after so many milliseconds: until then nothing is at rest. */
  late(ms: number): void
  streamed(call: Call, frame: { type: string; object: unknown }): void
  /** The n-th write of the replica: true kills it now. */
  dies(call: Call, moment: 'before' | 'applied' | 'after', write: number): boolean
}

export interface NetworkOptions {
  simulation: Simulation
  server: SimServer
  lane: Lane
  random: Random
  faults: readonly Fault[]
  /** Index of the replica, for faults of one. */
  replica: number
  /** Counters outlive a restart of the process: faults name the n-th call of the run. */
  counters: Record<Call['sort'], number>
  observer: NetworkObserver
}

const status = (code: number, reason: string, message: string): KubeResponse => ({
  kind: 'object',
  status: code,
  headers: { 'content-type': 'application/json' },
  body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message },
})

const REASONS: Record<number, string> = {
  403: 'Forbidden',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
}

const unreachable = (request: Request, why: string): KubeError =>
  new KubeError('Unreachable', `${request.method} ${request.path}: ${why}`, 'backoff')

/** The way between one process and the server: it takes time, and it breaks as the faults say. */
export class Network {
  readonly #options: NetworkOptions
  readonly #streams = new Set<WatchStream>()
  /** History below a version is no more: watches of a kind that ask for it are told so, as often as they ask. */
  readonly #gone = new Map<string, { how: 'http' | 'inBand'; below: number }>()

  constructor(options: NetworkOptions) {
    this.#options = options
    for (const fault of options.faults) this.#schedule(fault)
  }

  /** Kinds of the watches that are open, one entry for each. */
  get watched(): string[] {
    return [...this.#streams].map(({ kind }) => kind).sort()
  }

  /** Cuts everything: the process is dead, or the server is. */
  cutAll(): void {
    for (const stream of [...this.#streams]) stream.cut(false)
  }

  transport: Transport = request => {
    const { simulation, random, lane, observer, server, counters } = this.#options
    if (lane.dead) return forever
    const call = this.#describe(request)
    const count = call.aside ? 0 : ++counters[call.sort]
    if (call.sort === 'write' && count > 0 && observer.dies(call, 'before', count)) return forever
    observer.sent(call)
    const fault = count > 0 ? this.#faultOf(call, count) : undefined
    const partition = this.#active('partition', fault => fault.replica === this.#options.replica)
    const slow = call.sort === 'read' && !call.name ? (this.#active('slowList')?.ms ?? 0) : 0
    const late = call.sort === 'write' && count > 0 ? this.#lateBy(count) : 0
    if (late > 0) observer.late(late)
    return new Promise<Response>((resolve, reject) => {
      const refuse = (delay: number, why: string): void => {
        simulation.after(delay, () => reject(unreachable(request, why)), lane)
      }
      // A signal lives as long as its process: only calls that may wait for long listen to it.
      if (call.sort !== 'write' && !call.name)
        request.signal?.addEventListener('abort', () => reject(unreachable(request, 'aborted')), { once: true })
      if (partition) return refuse(10_000, 'connect ETIMEDOUT')
      const there = random.int(1, 12)
      if (fault === 'reset-before') return refuse(there, 'read ECONNRESET')
      // The request is under way: it arrives even if its sender dies now.
      simulation.after(there + slow, () => {
        if (this.#active('restart') || this.#active('restore')) return refuse(1, 'connect ECONNREFUSED')
        const answer =
          typeof fault === 'object'
            ? fault
            : (this.#refused(call) ?? this.#unstored(call) ?? server.request(call.replica, this.#forServer(request)))
        call.status = answer.status
        if (call.sort === 'write' && count > 0 && observer.dies(call, 'applied', count)) return
        if (fault === 'reset-applied') return refuse(random.int(1, 12), 'read ECONNRESET')
        simulation.after(
          random.int(1, 12) + late,
          () => {
            if (answer.kind === 'watch') return resolve(this.#stream(call, request, answer))
            const text = answer.kind === 'text' ? answer.text : answer.kind === 'object' ? jsonOf(answer) : ''
            if (answer.status < 400 && answer.kind === 'object') observer.answered(call, answer.body)
            const pipe = new Pipe()
            pipe.push(Buffer.from(text))
            pipe.end()
            resolve({ status: answer.status, headers: answer.headers, body: pipe.body })
            if (call.sort === 'write' && count > 0) observer.dies(call, 'after', count)
          },
          lane,
        )
      })
    })
  }

  #stream(call: Call, request: Request, answer: KubeResponse & { kind: 'watch' }): Response {
    const { simulation, lane, random, observer, server } = this.#options
    const query = new URL(request.path, 'http://sim').searchParams
    const stream = new WatchStream({
      simulation,
      lane,
      random,
      kind: call.kind,
      start: answer.start,
      timeoutMs: Number(query.get('timeoutSeconds') ?? 0) * 1_000,
      expired: this.#expired(call) === 'inBand',
      version: () => server.store.version,
      heldUntil: () => this.#heldUntil(call.kind),
      duplicated: () => this.#active('duplicate') !== undefined,
      delivered: frame => observer.streamed(call, frame),
      closed: () => this.#streams.delete(stream),
    })
    this.#streams.add(stream)
    request.signal?.addEventListener('abort', () => stream.cut(false), { once: true })
    return { status: 200, headers: answer.headers, body: stream.body }
  }

  /** The server would end the watch by a real timer: the stream does it by simulated time. */
  #forServer({ method, path, body, contentType, accept }: Request) {
    return {
      method,
      url: path.replace(/([?&])timeoutSeconds=\d+&?/, '$1'),
      headers: {
        'user-agent': 'controller',
        accept: accept ?? 'application/json',
        ...(contentType && { 'content-type': contentType }),
      },
      ...(body !== undefined && { body: freeze(body) }),
    }
  }

  #describe(request: Request): Call {
    const { simulation, lane, server } = this.#options
    const [pathname, query] = request.path.split('?') as [string, string?]
    const path = parseResourcePath(pathname)
    const type = path && server.context.registry.byPath(path.group, path.version, path.plural)
    const kind = type?.kind ?? path?.plural ?? ''
    const watch = new URLSearchParams(query).get('watch') === 'true'
    return {
      at: simulation.elapsed,
      replica: lane.name,
      method: request.method,
      path: request.path,
      kind,
      namespace: path?.namespace,
      name: path?.name,
      subresource: path?.subresource,
      sort: request.method === 'GET' ? (watch ? 'watch' : 'read') : 'write',
      aside: kind === 'Lease' || kind === 'Event' || kind.startsWith('SelfSubject'),
      status: 0,
      body: request.body,
    }
  }

  #faultOf(call: Call, count: number): KubeResponse | 'reset-before' | 'reset-applied' | undefined {
    for (const fault of this.#options.faults) {
      if (fault.type !== 'refuse' && fault.type !== 'reset') continue
      if (fault.calls !== call.sort || count < fault.from || count >= fault.from + fault.count) continue
      if (fault.type === 'reset') return `reset-${fault.when}`
      const answer = status(fault.status, REASONS[fault.status] ?? 'Unknown', `injected ${fault.status}`)
      return fault.retryAfter
        ? { ...answer, headers: { ...answer.headers, 'retry-after': String(fault.retryAfter) } }
        : answer
    }
    return undefined
  }

  #lateBy(write: number): number {
    const fault = this.#options.faults.find(
      each => each.type === 'slowAnswer' && write >= each.from && write < each.from + each.count,
    )
    return fault?.type === 'slowAnswer' ? fault.ms : 0
  }

  #refused(call: Call): KubeResponse | undefined {
    const forbidden = this.#active(
      'forbid',
      ({ kind, namespace }) => kind === call.kind && namespace === (namespace && call.namespace),
    )
    if (forbidden) return status(403, 'Forbidden', `${call.kind} is forbidden: User "controller" cannot do that`)
    if (this.#expired(call) === 'http') return status(410, 'Expired', 'too old resource version')
    return undefined
  }

  /** Events are half of all writes and no oracle reads them: they are taken, not kept. */
  #unstored(call: Call): KubeResponse | undefined {
    if (call.kind !== 'Event' || call.sort !== 'write') return undefined
    return { kind: 'object', status: 200, headers: { 'content-type': 'application/json' }, body: call.body }
  }

  #expired({ sort, kind, path }: Call): 'http' | 'inBand' | undefined {
    const gone = this.#gone.get(kind)
    if (sort !== 'watch' || !gone) return undefined
    const version = new URL(path, 'http://sim').searchParams.get('resourceVersion')
    return version && Number(version) < gone.below ? gone.how : undefined
  }

  #active<T extends Fault['type']>(
    type: T,
    accept: (fault: Extract<Fault, { type: T }>) => boolean = () => true,
  ): Extract<Fault, { type: T }> | undefined {
    const { elapsed } = this.#options.simulation
    return this.#options.faults.find(
      (fault): fault is Extract<Fault, { type: T }> =>
        fault.type === type &&
        'forMs' in fault &&
        elapsed >= fault.at &&
        elapsed < fault.at + fault.forMs &&
        accept(fault as Extract<Fault, { type: T }>),
    )
  }

  #heldUntil(kind: string): number {
    const { simulation, faults, replica } = this.#options
    const ends = faults.map(fault => {
      const concerns =
        fault.type === 'hold' || fault.type === 'unobserved'
          ? fault.kind === ALL_KINDS || fault.kind === kind
          : fault.type === 'partition' && fault.replica === replica
      if (!concerns || !('forMs' in fault) || simulation.elapsed < fault.at) return 0
      return fault.at + fault.forMs
    })
    return simulation.start + Math.max(0, ...ends)
  }

  #schedule(fault: Fault): void {
    const { simulation } = this.#options
    const at = (elapsed: number, run: () => void): void => {
      if (elapsed >= simulation.elapsed) simulation.after(elapsed - simulation.elapsed, run, this.#options.lane)
    }
    const streamsOf = (kind: string): WatchStream[] =>
      [...this.#streams].filter(stream => kind === ALL_KINDS || stream.kind === kind)
    const each = (kind: string, act: (stream: WatchStream) => void): void => {
      for (const stream of streamsOf(kind)) act(stream)
    }
    const forget = (kind: string, how: 'http' | 'inBand'): void => {
      for (const stream of streamsOf(kind)) {
        this.#gone.set(stream.kind, { how, below: this.#options.server.store.version })
        stream.cut(false)
      }
    }
    if (fault.type === 'cut') at(fault.at, () => each(fault.kind, stream => stream.cut(fault.midLine)))
    if (fault.type === 'silent') at(fault.at, () => each(fault.kind, stream => stream.silence()))
    if (fault.type === 'gone') at(fault.at, () => forget(fault.kind, fault.inBand ? 'inBand' : 'http'))
    if (fault.type === 'unobserved') at(fault.at + fault.forMs, () => forget(fault.kind, 'inBand'))
    if (fault.type === 'restart' || fault.type === 'restore') {
      at(fault.at, () => {
        if (fault.type === 'restart' && fault.compact) forget(ALL_KINDS, 'http')
        this.cutAll()
      })
    }
  }
}

const forever = new Promise<never>(() => {})
