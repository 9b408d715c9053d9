/** watch (API concepts: "Efficient detection of changes", "Watch bookmarks", "Streaming lists"). */

import type { Context } from '../context.ts'
import { fieldForbidden, fieldNotSupported } from '../field-errors.ts'
import type { ResourceType } from '../kinds/registry.ts'
import { bookmark, type Form, present } from '../print/negotiate.ts'
import { flag, integer } from '../request.ts'
import type { KubeResponse, WatchFrame, WatchSink } from '../response.ts'
import { expired, type FieldError } from '../status.ts'
import { atVersion, type Change, type StoredObject } from '../store/store.ts'
import { refuseOptions, requestedVersion, selectorOf } from './read.ts'

const bookmarkEveryMilliseconds = 60_000
/** Before the end of a watch. */
const LAST_BOOKMARK_SECONDS = 2

export function watch(
  context: Context,
  type: ResourceType,
  namespace: string | undefined,
  query: URLSearchParams,
  form: Form,
): KubeResponse {
  const { store } = context
  const version = requestedVersion(query)
  const bookmarks = flag(query, 'allowWatchBookmarks') && query.has('allowWatchBookmarks')
  const sendInitial = query.get('sendInitialEvents')
  refuseOptions(watchErrors(query))
  const initial = sendInitial === 'true' || (sendInitial === null && !version)
  const seconds = integer(query, 'timeoutSeconds')
  const selected = selectorOf(query, type)
  const inScope = (entry: StoredObject) => (namespace === undefined || entry.namespace === namespace) && selected(entry)

  const start = (sink: WatchSink): (() => void) => {
    // Only the first table of a watch carries its columns.
    let columns = true
    const push = (kind: WatchFrame['type'], entry: StoredObject) => {
      sink.push({ type: kind, ...present(entry, type, form, context.now(), columns) })
      columns = false
    }
    const pushBookmark = (end = false) => {
      const object = bookmark(type, form, store.version, end)
      sink.push({ type: 'BOOKMARK', object, json: JSON.stringify(object) })
    }
    const onChange = (change: Change) => {
      if (change.version <= (version ?? 0)) return
      const event = visible(change, inScope)
      if (event) push(event.type, event.entry)
    }
    if (initial) {
      for (const entry of store.list(type.table, namespace)) if (inScope(entry)) push('ADDED', entry)
      if (sendInitial === 'true' && bookmarks) pushBookmark(true)
    } else if (version !== undefined && version > 0) {
      const oldest = Math.max(store.compacted, context.registry.since(type))
      if (version < oldest) {
        const { status } = expired(`too old resource version: ${version} (${oldest})`)
        sink.push({ type: 'ERROR', object: status, json: JSON.stringify(status) })
        sink.end()
        return () => {}
      }
      for (const change of store.changesSince(version, type.table)) onChange(change)
    }
    const stops: (() => void)[] = [store.watch(type.table, onChange), () => context.closing.delete(end)]
    const stop = () => {
      for (const each of stops.splice(0)) each()
    }
    const end = () => {
      stop()
      sink.end()
    }
    context.closing.add(end)
    if (type.crd) stops.push(context.registry.onRemoval(type, end))
    if (seconds) {
      const timer = setTimeout(end, seconds * 1000)
      stops.push(() => clearTimeout(timer))
      // So near to its end that a client misses little (apiserver/pkg/storage/cacher/cache_watcher.go, nextBookmarkTime).
      if (bookmarks && seconds > LAST_BOOKMARK_SECONDS) {
        const last = setTimeout(pushBookmark, (seconds - LAST_BOOKMARK_SECONDS) * 1000)
        stops.push(() => clearTimeout(last))
      }
    }
    if (bookmarks) {
      const timer = setInterval(pushBookmark, bookmarkEveryMilliseconds)
      timer.unref()
      stops.push(() => clearInterval(timer))
    }
    return stop
  }
  return { kind: 'watch', status: 200, headers: { 'content-type': 'application/json' }, start }
}

/** What is wrong with the combination of options of a watch (apimachinery/pkg/apis/meta/internalversion/validation). */
function watchErrors(query: URLSearchParams): FieldError[] {
  const errors: FieldError[] = []
  const match = query.get('resourceVersionMatch')
  const forbid = (field: string, detail: string) => errors.push(fieldForbidden(field, detail))
  if (query.get('sendInitialEvents') === null) {
    if (match)
      forbid('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided')
    return errors
  }
  if (match !== 'NotOlderThan')
    forbid('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')
  if (match && match !== 'NotOlderThan') errors.push(fieldNotSupported('resourceVersionMatch', match, ['NotOlderThan']))
  if (query.get('continue'))
    forbid('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided')
  return errors
}

/**
 * What a change means to a watch that sees only some objects: one that leaves its selection is DELETED, one that
 * enters it is ADDED. The last state of an object that leaves is its former one under the new resourceVersion.
 */
function visible(
  change: Change,
  inScope: (entry: StoredObject) => boolean,
): { type: WatchFrame['type']; entry: StoredObject } | undefined {
  const before = change.previous !== undefined && inScope(change.previous)
  if (change.type === 'DELETED') return before ? { type: 'DELETED', entry: change.entry } : undefined
  const after = inScope(change.entry)
  if (after) return { type: before ? 'MODIFIED' : 'ADDED', entry: change.entry }
  return before ? { type: 'DELETED', entry: atVersion(change.previous!, change.version) } : undefined
}
