import { Heap } from '../../controller/kube/heap.ts'

/**
 * Steppable time. Nothing waits in it: when no promise has anything left to do, the clock jumps to the next task.
 * Tasks of a lane (a process) can be held back while it is paused, and are dropped once it is killed.
 */
export interface Lane {
  name: string
  dead: boolean
  paused: boolean
  deferred: Task[]
}

interface Task {
  at: number
  sequence: number
  lane: Lane | undefined
  run: (() => void) | undefined
}

export type Cancel = () => void

export const newLane = (name: string): Lane => ({ name, dead: false, paused: false, deferred: [] })

/** More tasks than this in one instant is a loop that time cannot end. */
const TASKS_PER_INSTANT = 20_000

export class HotLoop extends Error {
  override readonly name = 'HotLoop'
}

export class Simulation {
  /** Milliseconds since the epoch. */
  now: number
  readonly start: number
  readonly #tasks = new Heap<Task>(before)
  #sequence = 0
  #instant = { at: 0, tasks: 0 }

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.start = start
    this.now = start
  }

  get elapsed(): number {
    return this.now - this.start
  }

  /** Runs `run` after `delayMs` of simulated time, in the order of due times. Whole milliseconds, as timers have them: a rest of a rest would never pass. */
  after(delayMs: number, run: () => void, lane?: Lane): Cancel {
    const task: Task = { at: this.now + Math.max(0, Math.ceil(delayMs)), sequence: this.#sequence++, lane, run }
    this.#tasks.push(task)
    return () => {
      task.run = undefined
    }
  }

  resume(lane: Lane): void {
    lane.paused = false
    for (const task of lane.deferred.splice(0)) this.#tasks.push({ ...task, at: this.now, sequence: this.#sequence++ })
  }

  /** Lets every promise come to rest, then runs the next task; false when there is none. */
  async step(): Promise<boolean> {
    await new Promise<void>(resolve => setImmediate(resolve))
    for (;;) {
      const task = this.#tasks.pop()
      if (!task) return false
      if (!task.run || task.lane?.dead) continue
      if (task.lane?.paused) {
        task.lane.deferred.push(task)
        continue
      }
      if (task.at > this.now) this.now = task.at
      if (this.#instant.at !== this.now) this.#instant = { at: this.now, tasks: 0 }
      if (++this.#instant.tasks > TASKS_PER_INSTANT)
        throw new HotLoop(`more than ${TASKS_PER_INSTANT} tasks at ${this.elapsed} ms without time going on`)
      task.run()
      return true
    }
  }
}

const before = (a: Task, b: Task): boolean => a.at < b.at || (a.at === b.at && a.sequence < b.sequence)
