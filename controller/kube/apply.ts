import type { KubeClient } from './client.ts'
import type { Clock } from './clock.ts'
import { isKubeError, type KubeError } from './errors.ts'
import { type FieldFight, Fights } from './fights.ts'
import type { KubeObject } from './objects.ts'
import { type Drift, leaving, valueAt } from './ownership.ts'

/** A field that another manager had. */
export interface FieldConflict {
  path: string
  manager: string
}

export interface ApplyRequest {
  desired: KubeObject
  /** uid of the live object; absent when there is none. */
  uid?: string | undefined
  /** Where it differs, from `driftOf`. */
  drift: Drift[]
  /** Why: a code for log, Event, metric and trace. */
  reason: string
}

export interface Applied {
  /** The server's answer; absent when every field that differs is held back by a fight. */
  object?: KubeObject
  /** Fields that were taken from others. */
  conflicts: FieldConflict[]
}

/**
 * Server-side apply for a controller that means what it says: politely first, so that whoever owns one of our fields is
 * named before the field is taken back, and with a breaker per field for those who do not stop (see `Fights`).
 */
export class Applier {
  readonly #client: KubeClient
  readonly #fieldManager: string
  readonly #fights: Fights

  constructor(client: KubeClient, fieldManager: string, clock: Clock) {
    this.#client = client
    this.#fieldManager = fieldManager
    this.#fights = new Fights(clock)
  }

  /** Rejects with `KubeError`; a Conflict is not one, for the field is taken. */
  async apply({ desired, uid, drift, reason }: ApplyRequest): Promise<Applied> {
    const held = drift.filter(field => uid && this.#fights.waitMs(uid, field.path, valueAt(desired, field)) > 0)
    const open = drift.filter(field => !held.includes(field))
    if (drift.length > 0 && open.length === 0) return { conflicts: [] }
    let wanted = desired
    if (held.length > 0) {
      const { apiVersion, kind, metadata } = desired
      const live = await this.#client.get({ apiVersion, kind }, metadata.namespace, metadata.name)
      if (live) wanted = leaving(desired, live, held)
    }
    const { object, conflicts } = await this.#write(wanted, reason)
    if (uid) {
      for (const field of open) {
        const manager = conflicts.find(({ path }) => path === field.path)?.manager
        this.#fights.wrote(uid, field.path, valueAt(desired, field), manager)
      }
    }
    return { object, conflicts }
  }

  /** The fields of a live object that are being fought over; `drift` is what differs now. */
  fights(uid: string, drift: Drift[]): FieldFight[] {
    this.#fights.settle(uid, new Set(drift.map(({ path }) => path)))
    return this.#fights.of(uid)
  }

  /** Milliseconds until a fight about the object should be looked at again. */
  nextMs(uid: string): number | undefined {
    return this.#fights.nextMs(uid)
  }

  /** To be called when an object is gone. */
  forget(uid: string): void {
    this.#fights.forget(uid)
  }

  async #write(wanted: KubeObject, reason: string): Promise<{ object: KubeObject; conflicts: FieldConflict[] }> {
    const options = { fieldManager: this.#fieldManager, reason }
    try {
      return { object: await this.#client.apply(wanted, options), conflicts: [] }
    } catch (error) {
      if (!isKubeError(error, 'Conflict')) throw error
      return { object: await this.#client.apply(wanted, { ...options, force: true }), conflicts: conflictsOf(error) }
    }
  }
}

/** The causes of a 409 of server-side apply: field `.spec.replicas`, message `conflict with "kubectl-edit" using apps/v1`. */
function conflictsOf({ status }: KubeError): FieldConflict[] {
  return (status.details?.causes ?? []).map(({ field = '', message = '' }) => ({
    path: field.replace(/^\./, '').replaceAll('"', ''),
    manager: /conflict with "([^"]*)"/.exec(message)?.[1] ?? 'unknown',
  }))
}
