/** What a fault may do with one list or watch, instead of or beside answering it. */
export interface Turn {
  refuse(code: number, headers?: Record<string, string>): void
  end(): void
  reset(): void
  error(code: number): void
  /** Does it when the world changes, instead of telling. */
  atChange(act: () => void): void
  cut(): void
  cutAndReset(): void
  garbage(): void
  splitEvents(): void
  bigEvents(): void
  delay(ms: number): void
}

/** How the informer under test is used. */
export interface Behaviour {
  /** The handler throws at the first event. */
  throws?: boolean
}

export interface MatrixFault extends Behaviour {
  name: string
  /** What becomes of the n-th list and the n-th watch (from 1); what is not named goes well. */
  list?: (turn: Turn, nth: number) => void
  watch?: (turn: Turn, nth: number) => void
  /** Stops the informer after so long instead of waiting for a change. */
  stopsAfterMs?: number
}

const once =
  (fault: (turn: Turn) => void) =>
  (turn: Turn, nth: number): void => {
    if (nth === 1) fault(turn)
  }
const status = (code: number, headers: Record<string, string> = {}) => once(turn => turn.refuse(code, headers))

export const FAULTS: readonly MatrixFault[] = [
  { name: 'connection reset in a watch', watch: once(turn => turn.atChange(() => turn.reset())) },
  { name: 'watch ends in order', watch: once(turn => turn.atChange(() => turn.end())) },
  { name: 'event cut in the middle, end', watch: once(turn => turn.atChange(() => turn.cut())) },
  { name: 'event cut in the middle, reset', watch: once(turn => turn.atChange(() => turn.cutAndReset())) },
  { name: 'UTF-8 split over packets', watch: once(turn => turn.splitEvents()) },
  { name: 'object of 1.5 MB', watch: once(turn => turn.bigEvents()) },
  { name: '410 in band', watch: once(turn => turn.atChange(() => turn.error(410))) },
  { name: '410 by HTTP', watch: status(410) },
  { name: '500 in band', watch: once(turn => turn.atChange(() => turn.error(500))) },
  { name: '429 with Retry-After on a watch', watch: status(429, { 'retry-after': '1' }) },
  { name: '500 on a watch', watch: status(500) },
  { name: '503 on a watch', watch: status(503) },
  { name: '429 with Retry-After on the list', list: status(429, { 'retry-after': '1' }) },
  { name: '500 on the list', list: status(500) },
  { name: 'list reset', list: once(turn => turn.reset()) },
  { name: 'a line that is no JSON', watch: once(turn => turn.atChange(() => turn.garbage())) },
  { name: 'watches end at once, again and again', watch: (turn, nth) => void (nth < 6 && turn.end()) },
  { name: '410 again and again', watch: (turn, nth) => void (nth < 6 && turn.error(410)) },
  { name: 'handler throws', throws: true },
  { name: 'stop while connecting', watch: turn => turn.delay(800), stopsAfterMs: 400 },
]
