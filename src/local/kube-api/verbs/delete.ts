/** delete and deletecollection: preconditions, finalizers, propagation, grace (apiserver registry/rest/delete.go). */

import { type Context, inVersion, timestamp } from '../context.ts'
import { withCondition } from '../controllers/naming.ts'
import { jsonKind } from '../decode/typed.ts'
import { fieldInvalid } from '../field-errors.ts'
import { clone, isObject, type Json, type JsonObject, show } from '../json.ts'
import { cleanupFinalizer } from '../kinds/custom-definitions.ts'
import { definitionsTable, type ResourceType } from '../kinds/registry.ts'
import { badRequest, conflict, forbidden, invalid, StatusError } from '../status.ts'
import type { StoredObject } from '../store/store.ts'
import { storeOrFinish } from './write.ts'

export interface DeleteOptions {
  dryRun: boolean
  propagationPolicy: 'Background' | 'Foreground' | 'Orphan' | undefined
  gracePeriodSeconds: number | undefined
  uid: string | undefined
  resourceVersion: string | undefined
}

/** Reads DeleteOptions from body and query; the body wins, as in the API server. */
export function deleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const options = isObject(body) ? body : {}
  const preconditions = isObject(options['preconditions']) ? options['preconditions'] : {}
  const policy = (options['propagationPolicy'] ?? query.get('propagationPolicy')) || undefined
  const orphan =
    options['orphanDependents'] ??
    (query.has('orphanDependents') ? query.get('orphanDependents') === 'true' : undefined)
  if (policy !== undefined && policy !== 'Background' && policy !== 'Foreground' && policy !== 'Orphan')
    throw new StatusError(
      422,
      'Invalid',
      `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
      {
        group: 'meta.k8s.io',
        kind: 'DeleteOptions',
        causes: [
          {
            reason: 'FieldValueNotSupported',
            message: `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
            field: 'propagationPolicy',
          },
        ],
      },
    )
  if (policy !== undefined && typeof orphan === 'boolean')
    throw invalid({ group: 'meta.k8s.io', plural: 'deleteoptions', kind: 'DeleteOptions' }, '', [
      fieldInvalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'),
    ])
  const grace = options['gracePeriodSeconds'] ?? secondsOf(query.get('gracePeriodSeconds'))
  if (grace !== undefined && (typeof grace !== 'number' || !Number.isInteger(grace)))
    throw badRequest(
      `json: cannot unmarshal ${jsonKind(grace)} into Go struct field DeleteOptions.gracePeriodSeconds of type int64`,
    )
  const dryRun = [...(Array.isArray(options['dryRun']) ? options['dryRun'] : []), ...query.getAll('dryRun')]
  return {
    dryRun: dryRun.includes('All'),
    propagationPolicy: policy ?? (orphan === undefined ? undefined : orphan ? 'Orphan' : 'Background'),
    gracePeriodSeconds: grace as number | undefined,
    uid: preconditions['uid'] as string | undefined,
    resourceVersion: preconditions['resourceVersion'] as string | undefined,
  }
}

function secondsOf(text: string | null): number | undefined {
  if (!text) return undefined
  if (!/^[-+]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Number(text)
}

/** The finalizers that a propagation policy asks for, in place of those of another policy. */
function finalizersFor(metadata: JsonObject, type: ResourceType, policy: DeleteOptions['propagationPolicy']): string[] {
  const own = ((metadata['finalizers'] as string[] | undefined) ?? []).slice()
  if (policy === undefined && own.some(each => each === 'orphan' || each === 'foregroundDeletion')) return own
  const rest = own.filter(each => each !== 'orphan' && each !== 'foregroundDeletion')
  const effective = policy ?? (type.builtIn?.orphansByDefault ? 'Orphan' : 'Background')
  if (effective === 'Orphan') return [...rest, 'orphan']
  return effective === 'Foreground' ? [...rest, 'foregroundDeletion'] : rest
}

/** A pod that a node runs is stopped first: the node confirms with a grace period of 0. */
function graceFor(type: ResourceType, object: JsonObject, options: DeleteOptions): number {
  if (type.table !== '/pods') return 0
  const spec = (object['spec'] ?? {}) as JsonObject
  const status = (object['status'] ?? {}) as JsonObject
  const finished = status['phase'] === 'Succeeded' || status['phase'] === 'Failed'
  if (!spec['nodeName'] || finished) return 0
  const asked = options.gracePeriodSeconds ?? Number(spec['terminationGracePeriodSeconds'] ?? 30)
  return asked < 0 ? 1 : asked
}

const immortal = new Set(['default', 'kube-system', 'kube-public'])

/** Deletes one object, or marks it for deletion. Returns what the client is told: the marked object, or Success. */
export function remove(context: Context, type: ResourceType, entry: StoredObject, options: DeleteOptions): JsonObject {
  const metadata = entry.object['metadata'] as JsonObject
  // The precondition is named by the kind, not by the resource (registry/rest/delete.go, BeforeDelete).
  const asKind = { group: '', plural: type.kind, kind: type.kind }
  if (options.uid !== undefined && options.uid !== metadata['uid'])
    throw conflict(
      asKind,
      entry.name,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${show(metadata['uid'])}). The object might have been deleted and then recreated`,
    )
  if (options.resourceVersion !== undefined && options.resourceVersion !== String(entry.version))
    throw conflict(
      asKind,
      entry.name,
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${entry.version}). The object might have been modified`,
    )
  if (type.table === '/namespaces' && immortal.has(entry.name))
    throw forbidden(type, entry.name, 'this namespace may not be deleted')

  const marked = clone(entry.object)
  const next = marked['metadata'] as JsonObject
  const finalizers = finalizersFor(metadata, type, options.propagationPolicy)
  if (finalizers.length > 0) next['finalizers'] = finalizers
  else delete next['finalizers']
  const grace = graceFor(type, marked, options)
  const now = context.now()
  if (metadata['deletionTimestamp'] === undefined) {
    next['deletionTimestamp'] = timestamp(new Date(now.getTime() + grace * 1000))
    next['deletionGracePeriodSeconds'] = grace
    if (typeof next['generation'] === 'number') next['generation'] += 1
  } else if (options.gracePeriodSeconds !== undefined && grace < Number(metadata['deletionGracePeriodSeconds'] ?? 0)) {
    // A shorter grace counts, a longer one does not.
    next['deletionTimestamp'] = timestamp(new Date(now.getTime() + grace * 1000))
    next['deletionGracePeriodSeconds'] = grace
  }
  if (type.table === definitionsTable && metadata['deletionTimestamp'] === undefined) awaitObjects(marked, now)
  if (type.table === '/namespaces')
    marked['status'] = { ...(marked['status'] as JsonObject | undefined), phase: 'Terminating' }
  if (options.dryRun) return success(type, entry)
  const stored = storeOrFinish(context, entry, marked)
  const gone = context.store.get(entry.table, entry.namespace, entry.name) === undefined
  return gone && !type.builtIn?.returnsDeleted ? success(type, entry) : inVersion(stored.object, type)
}

/** A definition goes after its objects (registry/customresourcedefinition/etcd.go). In place. */
function awaitObjects(definition: JsonObject, now: Date): void {
  const metadata = definition['metadata'] as JsonObject
  const finalizers = (metadata['finalizers'] ?? []) as string[]
  if (!finalizers.includes(cleanupFinalizer)) metadata['finalizers'] = [...finalizers, cleanupFinalizer]
  const status = (definition['status'] ?? {}) as JsonObject
  definition['status'] = {
    ...status,
    conditions: withCondition(
      status['conditions'],
      {
        type: 'Terminating',
        status: 'True',
        reason: 'InstanceDeletionPending',
        message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
      },
      now,
    ),
  }
}

function success(type: ResourceType, entry: StoredObject): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: entry.name,
      ...(type.group ? { group: type.group } : {}),
      kind: type.plural,
      uid: (entry.object['metadata'] as JsonObject)['uid'] as Json,
    },
  }
}
