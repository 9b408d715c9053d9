import { baseOf, type Change, type Edit, merge } from './edits.ts'
import type { Task } from './task.ts'

/** Where edits wait: `localStorage`, or a map in tests. One key for each edit, so that two tabs never overwrite each other. */
export interface EditStorage {
  readonly length: number
  key(index: number): string | null
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** What the server made of an edit. */
export type Answer =
  | { kind: 'saved'; task?: Task }
  /** Somebody changed the task meanwhile; this is what it is now. */
  | { kind: 'stale'; current: Task }
  /** Sending again would be answered the same. */
  | { kind: 'refused'; reason: string }
  /** Not answered, or not now. */
  | { kind: 'later'; seconds: number }

interface Kept {
  edit: Edit
  refused?: string
}

/** Edits of one person, oldest first, kept across reloads until the server has them. */
export class EditQueue {
  readonly #storage: EditStorage
  readonly #prefix: string
  readonly #changed: () => void
  #last = 0

  constructor(storage: EditStorage, personId: string, changed: () => void) {
    this.#storage = storage
    this.#prefix = `todo.edit.${personId}.`
    this.#changed = changed
  }

  isKey(key: string | null): boolean {
    return key === null || key.startsWith(this.#prefix)
  }

  #entries(): [string, Kept][] {
    const keys = Array.from({ length: this.#storage.length }, (_, i) => this.#storage.key(i)!)
    return keys
      .filter(key => key.startsWith(this.#prefix))
      .sort()
      .map(key => [key, JSON.parse(this.#storage.getItem(key)!) as Kept])
  }

  get edits(): Edit[] {
    return this.#entries().map(([, { edit }]) => edit)
  }

  /** Those the server will not take as they are, with its reason. */
  get refused(): { edit: Edit; reason: string }[] {
    return this.#entries().flatMap(([, { edit, refused }]) => (refused ? [{ edit, reason: refused }] : []))
  }

  get conflicts(): (Change & { conflict: Task })[] {
    return this.edits.filter((edit): edit is Change & { conflict: Task } => edit.kind === 'change' && !!edit.conflict)
  }

  add(edit: Edit, now = Date.now()): void {
    // Two edits of one millisecond keep their order; ids keep two tabs apart.
    this.#last = Math.max(this.#last + 1, now)
    this.#write(`${this.#prefix}${String(this.#last).padStart(15, '0')}.${edit.id}`, { edit })
  }

  #write(key: string, kept: Kept): void {
    this.#storage.setItem(key, JSON.stringify(kept))
    this.#changed()
  }

  drop(id: string): void {
    for (const [key, { edit }] of this.#entries()) if (edit.id === id) this.#storage.removeItem(key)
    this.#changed()
  }

  /** The person stands by their side of a conflict: the change goes on top of what is there now. */
  keepMine(id: string): void {
    for (const [key, { edit }] of this.#entries()) {
      if (edit.id !== id || edit.kind !== 'change' || !edit.conflict) continue
      const { conflict, ...change } = edit
      const base = baseOf(conflict, edit.patch)
      this.#write(key, { edit: { ...change, id: crypto.randomUUID(), base, version: conflict.version } })
    }
  }

  retry(id: string): void {
    for (const [key, { edit, refused }] of this.#entries()) if (edit.id === id && refused) this.#write(key, { edit })
  }

  /**
   * Sends everything that can be sent, in order.
   *
   * @param saved told what the server answered before the edit leaves the queue: nothing flickers back
   * @returns seconds after which to try again; 0 when nothing is left to send
   */
  async flush(
    send: (edit: Edit) => Promise<Answer>,
    saved: (edit: Edit, task: Task | undefined) => void,
  ): Promise<number> {
    // A task the server refused to create takes no edits: it is not there.
    const blocked = new Set<string>()
    for (;;) {
      const next = this.#entries().find(([, { edit, refused }]) => {
        const waits = refused || (edit.kind === 'change' && edit.conflict)
        if (waits && edit.kind === 'create') blocked.add(edit.taskId)
        return !waits && !blocked.has(edit.taskId)
      })
      if (!next) return 0
      const [key, { edit }] = next
      const answer = await send(edit)
      if (answer.kind === 'later') return answer.seconds
      if (answer.kind === 'refused') this.#write(key, { edit, refused: answer.reason })
      else if (answer.kind === 'stale') this.#rebase(key, edit, answer.current)
      else {
        saved(edit, answer.task)
        this.#storage.removeItem(key)
        this.#changed()
      }
    }
  }

  #rebase(key: string, edit: Edit, current: Task): void {
    // Only a change says which version it was made on.
    if (edit.kind !== 'change') {
      this.#write(key, { edit, refused: 'The task was changed meanwhile.' })
      return
    }
    const { send, conflicts } = merge(edit, current)
    const rest = {
      ...edit,
      base: baseOf(current, conflicts),
      patch: conflicts,
      version: current.version,
      conflict: current,
    }
    if (Object.keys(conflicts).length) this.#write(`${key}.conflict`, { edit: { ...rest, id: crypto.randomUUID() } })
    if (Object.keys(send).length)
      this.#write(key, {
        edit: { ...edit, id: crypto.randomUUID(), patch: send, base: baseOf(current, send), version: current.version },
      })
    else {
      this.#storage.removeItem(key)
      this.#changed()
    }
  }
}
