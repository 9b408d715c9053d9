/** What the state API needs of a store; failures carry Dapr's texts (components-contrib state/errors.go). */
export interface StateItem {
  value: Buffer
  etag: string
  /** Milliseconds since the epoch. */
  expires: number | undefined
}

export interface SetOperation {
  type: 'upsert'
  key: string
  value: Buffer
  etag: string | undefined
  firstWrite: boolean
  /** Seconds, as the caller wrote them; none, 0 or less: for ever. Whether less than -1 is refused is the store's. */
  ttl: number | undefined
}

export interface DeleteOperation {
  type: 'delete'
  key: string
  etag: string | undefined
}

export type Operation = SetOperation | DeleteOperation

export interface StateStore {
  get(keys: readonly string[]): Promise<Map<string, StateItem>>
  /** All or nothing. @throws EtagMismatchError, or Error when a first write found the key taken */
  apply(operations: readonly Operation[]): Promise<void>
  close(): Promise<void>
}

export class EtagMismatchError extends Error {
  override readonly name = 'EtagMismatchError'
  constructor(detail?: string) {
    super(`possible etag mismatch. error from state store${detail ? `: ${detail}` : ''}`)
  }
}

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** Etags are UUIDs; what is none cannot match (state/postgresql/v2 doSet). */
export function checkEtag(etag: string | undefined): void {
  if (etag !== undefined && !UUID.test(etag)) throw new EtagMismatchError(`invalid UUID: ${etag}`)
}

export const noItemUpdated = (): Error => new Error('no item was updated')
