import type { Clock } from './clock.ts'

/** A clock that moves only when told to; tasks that fall due run in order of their time. */
export function manualClock(start = Date.UTC(2026, 0, 1)): Clock & { advance(milliseconds: number): void } {
  let now = start
  let tasks: { at: number; run: () => void }[] = []
  return {
    now: () => now,
    after(milliseconds, run) {
      const task = { at: now + milliseconds, run }
      tasks.push(task)
      return () => {
        tasks = tasks.filter(one => one !== task)
      }
    },
    advance(milliseconds) {
      const end = now + milliseconds
      for (;;) {
        const next = tasks.filter(task => task.at <= end).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        tasks = tasks.filter(task => task !== next)
        now = Math.max(now, next.at)
        next.run()
      }
      now = end
    },
  }
}

/** Waits until `probe` gives a value that is neither undefined nor false, turn by turn of the event loop. */
export async function until<T>(probe: () => T | undefined | false, patience = 10_000): Promise<T> {
  const deadline = Date.now() + patience
  for (;;) {
    const value = probe()
    if (value !== undefined && value !== false) return value
    if (Date.now() > deadline) throw new Error(`still waiting for: ${probe}`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}

/** Like `until`, for a probe that has to ask. */
export async function eventually<T>(probe: () => Promise<T | undefined | false>, patience = 10_000): Promise<T> {
  const deadline = Date.now() + patience
  for (;;) {
    const value = await probe()
    if (value !== undefined && value !== false) return value
    if (Date.now() > deadline) throw new Error(`still waiting for: ${probe}`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}
