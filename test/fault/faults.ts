/** What can go wrong between a controller and its API server. Times are milliseconds since the run began; plain data, so that a schedule can be printed. */
export type Fault =
  /** The process dies at its n-th write: before it is sent, when the server has applied it, or when the answer has come. */
  | { type: 'crash'; write: number; when: 'before' | 'applied' | 'after'; downMs: number }
  /** The server refuses the n-th to (n+count-1)-th call of a sort. */
  | {
      type: 'refuse'
      calls: 'write' | 'read' | 'watch'
      from: number
      count: number
      status: number
      retryAfter?: number
    }
  /** The connection of the n-th call breaks, before the server has the request or after it has applied it. */
  | { type: 'reset'; calls: 'write' | 'read'; from: number; count: number; when: 'before' | 'applied' }
  /** Watch events of a kind (or of all) come late: the controller sees the past. */
  | { type: 'hold'; kind: string; at: number; forMs: number }
  /** As `hold`, and the states in between are never seen: the watch is cut and its resourceVersion is too old. */
  | { type: 'unobserved'; kind: string; at: number; forMs: number }
  | { type: 'cut'; kind: string; at: number; midLine: boolean }
  | { type: 'gone'; kind: string; at: number; inBand: boolean }
  /** Every watch event comes twice. */
  | { type: 'duplicate'; at: number; forMs: number }
  /** No byte comes any more, and no end either. */
  | { type: 'silent'; kind: string; at: number }
  /** The answer to the n-th to (n+count-1)-th write comes late: watches tell of it, and of what came after, before. */
  | { type: 'slowAnswer'; from: number; count: number; ms: number }
  | { type: 'slowList'; ms: number; at: number; forMs: number }
  /** Of one namespace, or of all. */
  | { type: 'forbid'; kind: string; namespace?: string; at: number; forMs: number }
  /** Nothing gets through to the server, and nothing back. */
  | { type: 'partition'; at: number; forMs: number; replica: number }
  /** The API server restarts: connections break, new ones are refused, and old resourceVersions may be forgotten. */
  | { type: 'restart'; at: number; forMs: number; compact: boolean }
  /** As `restart`, and when it is over, etcd holds what it held `backMs` before: what was done since is lost, and done again by people. */
  | { type: 'restore'; at: number; forMs: number; backMs: number }
  /** Somebody, or NTP, moves the wall clock. */
  | { type: 'clockStep'; at: number; byMs: number }
  | { type: 'pause'; at: number; forMs: number; replica: number }

export const ALL_KINDS = '*'

/** When the last fault is over; after that the platform has to come to rest. */
export const endOf = (fault: Fault): number =>
  'forMs' in fault ? fault.at + fault.forMs : 'at' in fault ? fault.at : 0

export const describeFault = ({ type, ...rest }: Fault): string =>
  `${type}(${Object.entries(rest)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')})`
