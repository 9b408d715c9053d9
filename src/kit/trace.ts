import { randomUUID } from 'node:crypto'

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/**
 * The traceparent (W3C Trace Context) of a step caused by `parent`: same trace, new span. Without a valid parent a new
 * trace begins.
 */
export function childTrace(parent: string | undefined): string {
  const parts = parent ? pattern.exec(parent) : null
  const trace = parts?.[1] ?? hex(32)
  return `00-${trace}-${hex(16)}-${parts?.[3] ?? '01'}`
}

export const traceIdOf = (traceparent: string | undefined): string | undefined =>
  traceparent ? pattern.exec(traceparent)?.[1] : undefined

/** Node fetches the bits of random UUIDs for many at once. */
const hex = (digits: number): string => randomUUID().replaceAll('-', '').slice(-digits)
