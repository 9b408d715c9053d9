import { canonicalJson, unwrap, uuidv5 } from '../contracts/events/index.ts'

/** Whose an event is that is not valid. */
export function userOf(body: string): string | null {
  const unwrapped = unwrap(body)
  const data =
    unwrapped.kind === 'cloudevent' ? unwrapped.data : unwrapped.kind === 'payload' ? unwrapped.payload : null
  const id = (data as { user_id?: unknown } | null)?.user_id
  return typeof id === 'string' && id !== '' && id.length <= 256 ? id : null
}

/** The same for an event and for its dead letter, though Dapr adds attributes on the way. */
export function fingerprint(body: string): string {
  const unwrapped = unwrap(body)
  if (unwrapped.kind === 'unreadable') return uuidv5(`text:${body}`)
  if (unwrapped.kind === 'payload') return uuidv5(`payload:${canonicalJson(unwrapped.payload)}`)
  const { id, source, type } = unwrapped.envelope
  return uuidv5(`event:${canonicalJson([id, source, type, unwrapped.data])}`)
}
