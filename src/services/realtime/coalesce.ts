import type { Writable } from 'node:stream'

/**
 * Holds back what is written to a stream until the present turn of the event loop is over, so that a burst, or all that a
 * client missed, leaves in one piece instead of a system call for each frame. Nothing waits longer than that, and what is
 * held back counts as written (`writableLength`).
 * @returns a function to call before each write
 */
export function coalesce(stream: Pick<Writable, 'cork' | 'uncork'>): () => void {
  let corked = false
  return () => {
    if (corked) return
    corked = true
    stream.cork()
    setImmediate(() => {
      corked = false
      stream.uncork()
    })
  }
}
