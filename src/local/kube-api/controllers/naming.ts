/**
 * Which of the definitions of a group have their names, and so are served: who came first has them
 * (apiextensions-apiserver/pkg/controller/status/naming_controller.go, establish/establishing_controller.go).
 */
import { trackUpdate } from '../apply/managers.ts'
import { type Context, timestamp } from '../context.ts'
import { child, clone, equal, type Json, type JsonObject, show } from '../json.ts'
import { definitionsTable } from '../kinds/registry.ts'
import type { StoredObject } from '../store/store.ts'

const NAMES = ['plural', 'singular', 'shortNames', 'kind', 'listKind'] as const
/** Resources are told apart by some names, kinds by others. */
const OF_KINDS = new Set<string>(['kind', 'listKind'])
const CONFLICTS: Readonly<Record<(typeof NAMES)[number], string>> = {
  plural: 'PluralConflict',
  singular: 'SingularConflict',
  shortNames: 'ShortNamesConflict',
  kind: 'KindConflict',
  listKind: 'ListKindConflict',
}

const textsOf = (value: Json | undefined): string[] =>
  (Array.isArray(value) ? value : [value]).filter(each => each !== undefined && each !== null && each !== '').map(show)
const acceptedBy = (definition: JsonObject) => child(child(definition, 'status'), 'acceptedNames')
const groupOf = (definition: JsonObject) => child(definition, 'spec')['group']

export interface Condition {
  type: string
  status: 'True' | 'False'
  reason: string
  message: string
}

/** The conditions with one set anew; its time moves with its status alone (apihelpers.SetCRDCondition). */
export function withCondition(conditions: Json | undefined, condition: Condition, now: Date): Json[] {
  const all = (Array.isArray(conditions) ? conditions : []) as JsonObject[]
  const was = all.find(each => each['type'] === condition.type)
  const lastTransitionTime = was?.['status'] === condition.status ? was['lastTransitionTime']! : timestamp(now)
  const { type, status, reason, message } = condition
  const next: JsonObject = { type, status, lastTransitionTime, reason, message }
  return was ? all.map(each => (each === was ? next : each)) : [...all, next]
}

/** The names a definition gets, and what it is told when it does not get all of them. The last conflict is the one told. */
function namesFor(definition: JsonObject, others: readonly JsonObject[]): { names: JsonObject; condition: Condition } {
  const wanted = child(child(definition, 'spec'), 'names')
  const has = acceptedBy(definition)
  const taken = (ofKinds: boolean) =>
    new Set(
      others.flatMap(other =>
        NAMES.filter(name => OF_KINDS.has(name) === ofKinds).flatMap(name => textsOf(acceptedBy(other)[name])),
      ),
    )
  const takenNames = { kinds: taken(true), resources: taken(false) }
  const names: JsonObject = { ...has }
  let condition: Condition = {
    type: 'NamesAccepted',
    status: 'True',
    reason: 'NoConflicts',
    message: 'no conflicts found',
  }
  for (const name of NAMES) {
    const used = OF_KINDS.has(name) ? takenNames.kinds : takenNames.resources
    const own = textsOf(has[name])
    const problems = textsOf(wanted[name]).filter(text => !own.includes(text) && used.has(text))
    if (problems.length > 0) {
      const message = problems.map(text => `${JSON.stringify(text)} is already in use`).join(', ')
      const told = problems.length > 1 ? `[${message}]` : message
      condition = { type: 'NamesAccepted', status: 'False', reason: CONFLICTS[name], message: told }
    } else if (wanted[name] === undefined) delete names[name]
    else names[name] = wanted[name]
  }
  if (wanted['categories'] === undefined) delete names['categories']
  else names['categories'] = wanted['categories']
  return { names, condition }
}

/** The status that the two controllers leave behind. */
function settled(definition: JsonObject, others: readonly JsonObject[], now: Date): JsonObject {
  const status = child(definition, 'status')
  const { names, condition } = namesFor(definition, others)
  let conditions = withCondition(status['conditions'], condition, now)
  const isEstablished = (conditions as JsonObject[]).some(
    each => each['type'] === 'Established' && each['status'] === 'True',
  )
  if (!isEstablished)
    conditions = withCondition(
      conditions,
      condition.status === 'True'
        ? {
            type: 'Established',
            status: 'True',
            reason: 'InitialNamesAccepted',
            message: 'the initial names have been accepted',
          }
        : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
      now,
    )
  return { ...status, acceptedNames: names, conditions }
}

/** Gives the definitions of a group their names. What one gives up another may be waiting for: it goes on while one changes. */
export function settleNames(context: Context, group: Json | undefined): void {
  const { store, registry } = context
  const type = registry.byTable(definitionsTable)!
  const definitions = (): StoredObject[] =>
    store.list(definitionsTable).filter(({ object }) => groupOf(object) === group)
  for (let changed = true; changed; ) {
    changed = false
    for (const { object } of definitions()) {
      const others = definitions().filter(other => other.object !== object)
      const now = context.now()
      const status = settled(
        object,
        others.map(other => other.object),
        now,
      )
      if (equal(status, object['status'])) continue
      const next: JsonObject = { ...object, metadata: clone(object['metadata']!), status }
      const actor = { manager: 'kube-apiserver', subresource: 'status', time: timestamp(now) }
      trackUpdate(object, next, type, actor)
      store.put(definitionsTable, next)
      changed = true
    }
  }
}
